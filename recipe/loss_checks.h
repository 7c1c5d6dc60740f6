#pragma once

#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

// Losses and advantages that fit together: what contradicts itself, would count something twice or could have no effect is
// refused with the reason; what is only unwise is warned of. A check is left out when a field that it reads has a problem already.
void CheckLoss(const v1::Recipe& recipe, Problems& problems);

}  // namespace drover::recipe
