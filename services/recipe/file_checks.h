#pragma once

#include "drover/v1/recipe.pb.h"
#include "services/recipe/problems.h"

namespace drover::recipe {

// Whether the model's directory is complete and fits the recipe, and whether question files begin with questions.
void CheckFiles(const v1::Recipe& recipe, Problems& problems);

}  // namespace drover::recipe
