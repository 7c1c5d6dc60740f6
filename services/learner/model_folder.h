// RUN/model: what an actor needs beside the weights (config.json, generation_config.json and the tokenizer's files).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "drover/v1/recipe.pb.h"
#include "model/config.h"

namespace drover::learner_process {

// The shape of a new embedded model: Llama architecture, one token a character of its alphabet.
model::ModelConfig EmbeddedConfig(const v1::EmbeddedModel& shape);

// Writes the folder for the recipe's model: copied from model.path, or made from model.embedded.
absl::Status WriteModelFolder(const v1::Recipe& recipe, const std::string& folder);

// The same in one step: `folder` (which may be there, whole or half made) is replaced by the whole new one.
absl::Status ReplaceModelFolder(const v1::Recipe& recipe, const std::string& folder);

}  // namespace drover::learner_process
