// RUN/model: what stands beside the weights. Actors need config.json, generation_config.json and tokenizer.json of it;
// all of it goes into checkpoints.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "drover/v1/recipe.pb.h"

namespace drover::learner_process {

// Writes the folder for the recipe's model: copied from model.path (ReadCompanionFiles; where that has adapters, from
// their base too), or made from model.embedded. config.json says whether the head is tied as the weights do (OpenModelWeights).
absl::Status WriteModelFolder(const v1::Recipe& recipe, const std::string& folder);

// The same in one step: `folder` (which may be there, whole or half made) is replaced by the whole new one.
absl::Status ReplaceModelFolder(const v1::Recipe& recipe, const std::string& folder);

}  // namespace drover::learner_process
