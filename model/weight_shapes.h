// Which weights a transformer has, by Hugging Face's names.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/config.h"

namespace drover::model {

// Names and shapes of all weights of such a model: [out, in] for matrices; no lm_head.weight where it is tied.
std::map<std::string, std::vector<int64_t>> WeightShapes(const ModelConfig& config);

}  // namespace drover::model
