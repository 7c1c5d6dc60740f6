// Tiny models for tests of everything that runs a transformer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/testing/naive_transformer.h"
#include "model/testing/shapes.h"
#include "model/transformer.h"

namespace drover::model::testing {

// A model whose weights, norms and biases included, are all random.
std::unique_ptr<Transformer> TinyModel(const ModelConfig& config, const TransformerOptions& options = {},
                                       uint64_t seed = 1);

// The values that the model computes with (rounded to its dtype).
NaiveWeights ToNaive(const Transformer& model);

}  // namespace drover::model::testing
