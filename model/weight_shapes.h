// Which weights a transformer has, by Hugging Face's names.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/config.h"

namespace drover::model {

// Names and shapes of all weights of such a model: [out, in] for matrices; no lm_head.weight where it is tied.
std::map<std::string, std::vector<int64_t>> WeightShapes(const ModelConfig& config);
std::map<std::string, std::vector<int64_t>> WeightShapes(const Architecture& architecture);

// Their numbers.
struct WeightCounts {
  int64_t all = 0;
  int64_t matrices =
      0;  // those of the matrices that a token is multiplied with: no vectors, and no embedding that is no head
};
WeightCounts CountWeights(const ModelConfig& config);
WeightCounts CountWeights(const Architecture& architecture);

}  // namespace drover::model
