// Makes an effective recipe: one that leaves nothing to be known from elsewhere.
#pragma once

#include "drover/v1/recipe.pb.h"

namespace drover::recipe {

// Sets every unset field that the recipe's preset has (loss_presets.h), then every one that has a default in its rule to it, in all messages, and leaves what is set alone.
// Fields without a default stay unset (data.keep_stop, data.stop: as the template says). Filling twice changes nothing.
void FillDefaults(v1::Recipe& recipe);

// The recipe of nothing but defaults.
v1::Recipe DefaultRecipe();

}  // namespace drover::recipe
