// The frequencies of rotary positions (ops.h rotates by them).
#pragma once

#include <vector>

#include "model/config.h"

namespace drover::model {

// The head_dim / 2 angular frequencies, stretched as Llama 3.1 does where the configuration says so. Kept in float32
// because the published models were trained with frequencies rounded so.
std::vector<float> RopeFrequencies(const ModelConfig& config);

}  // namespace drover::model
