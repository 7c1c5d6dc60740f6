// The model that a recipe describes itself.
#pragma once

#include "drover/v1/recipe.pb.h"
#include "model/config.h"

namespace drover::recipe {

// The shape of a new embedded model: Llama architecture, one token a character of its alphabet.
model::ModelConfig EmbeddedConfig(const v1::EmbeddedModel& shape);

}  // namespace drover::recipe
