// What of a recipe may differ when a run goes on.
#pragma once

#include "absl/status/status.h"
#include "drover/v1/recipe.pb.h"

namespace drover::recipe {

// Both are effective recipes: `recorded` is what the run was begun with. INVALID_ARGUMENT names every field that differs
// though a run is made of it (FieldRule.fixed), with both values, and says which may. Without a checkpoint nothing is left
// of the pretraining, which then is done anew: pretrain.* may differ.
absl::Status CheckResume(const v1::Recipe& recorded, const v1::Recipe& wanted, bool has_checkpoint);

}  // namespace drover::recipe
