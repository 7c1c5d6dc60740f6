// The adapters that a recipe asks for.
#pragma once

#include <optional>

#include "drover/v1/recipe.pb.h"
#include "model/lora_config.h"

namespace drover::recipe {

// Of learner.lora; nothing where its rank is 0.
std::optional<model::LoraConfig> LoraOf(const v1::Recipe& recipe);

}  // namespace drover::recipe
