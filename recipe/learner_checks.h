#pragma once

#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

// Ranks, what of the training state they share, and adapters. A check is left out when a field that it reads has a problem already.
void CheckLearner(const v1::Recipe& recipe, Problems& problems);

}  // namespace drover::recipe
