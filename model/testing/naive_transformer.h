// A second implementation of the transformer for tests: double precision, plain loops, one sequence, no LibTorch in the
// arithmetic. Written from the architecture's definition, not from model/transformer.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/config.h"

namespace drover::model::testing {

using NaiveWeights = std::map<std::string, std::vector<double>>;  // row-major, by Hugging Face name

// Logits [T][V] of the tokens.
std::vector<std::vector<double>> NaiveLogits(const ModelConfig& config, const NaiveWeights& weights,
                                             const std::vector<int64_t>& token_ids);

// log softmax(logits / temperature).
std::vector<double> NaiveLogSoftmax(const std::vector<double>& logits, double temperature = 1.0);

}  // namespace drover::model::testing
