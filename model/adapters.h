// The tensors of low-rank adapters (lora_config.h), and the weights that count with them.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace drover::model {

// float32. On a weight's own device.
struct Adapter {
  torch::Tensor a;  // [rank, in]
  torch::Tensor b;  // [out, rank]
  double scale = 1.0;
  int64_t row = 0;  // of the weight, where its `out` rows begin: a fused weight has the adapters of its parts
};
using Adapters = std::vector<Adapter>;

// weight + scale b a, summed in float32 and rounded once to `dtype`: a tensor of its own. This is what actor and learner
// compute with, and so is what an adapter's folder is merged to (lora_files.h): on the CPU the same bits everywhere
// (kernels/cpu/low_rank.h). Where gradients are on and wanted they go to a and b, unrounded.
torch::Tensor Merged(const torch::Tensor& weight, const Adapters& adapters, torch::ScalarType dtype);

}  // namespace drover::model
