#pragma once

#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

// Questions: where they come from, in which format, which are taken and in what order. A check is left out when a field that it reads has a problem already.
void CheckData(const v1::Recipe& recipe, Problems& problems);

}  // namespace drover::recipe
