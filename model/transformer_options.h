// How a transformer is held and computed.
#pragma once

#include <torch/types.h>

namespace drover::model {

struct TransformerOptions {
  torch::Device device = torch::kCPU;
  torch::ScalarType dtype = torch::kFloat32;  // or kBFloat16; anything else is INVALID_ARGUMENT
  // True: weights are float32 masters that require gradients, rounded to dtype inside the forward (the gradient passes
  // the rounding unchanged). False: weights are stored in dtype, fused where that saves time, and have no gradients.
  bool trainable = false;
};

}  // namespace drover::model
