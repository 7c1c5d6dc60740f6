// Tiny models for tests of everything that runs a transformer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/testing/naive_transformer.h"
#include "model/transformer.h"

namespace drover::model::testing {

// Two layers, width 24, 4 query and 2 key heads; `model_type` sets what is particular to the family. "llama3" is llama
// with stretched rotary frequencies and an untied head.
ModelConfig TinyConfig(const std::string& model_type = "llama");

// A model of it whose weights, norms and biases included, are all random.
std::unique_ptr<Transformer> TinyModel(const ModelConfig& config, const TransformerOptions& options = {},
                                       uint64_t seed = 1);

// The values that the model computes with (rounded to its dtype).
NaiveWeights ToNaive(const Transformer& model);

}  // namespace drover::model::testing
