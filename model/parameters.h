// The weights of a transformer in the shape in which its forward reads them.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/config.h"

namespace drover::model {

// y = x weight^T + bias; the bias may be undefined.
struct LinearWeights {
  torch::Tensor weight;  // [out, in]
  torch::Tensor bias;    // [out]
};

struct LayerWeights {
  torch::Tensor attention_norm, mlp_norm;
  torch::Tensor q_norm, k_norm;  // [head_dim]; undefined without qk_norm
  // Fused: the rows of q, k and v (of gate and up) one after the other in one matrix, and q, k, v, gate and up are
  // views of it. Not fused: qkv and gate_up are undefined.
  LinearWeights qkv, q, k, v, output;
  torch::Tensor gate_up, gate, up, down;
};

struct Parameters {
  torch::Tensor embedding;  // [V, D]
  torch::Tensor head;       // [V, D]; the same tensor as `embedding` when tied
  torch::Tensor final_norm;
  std::vector<LayerWeights> layers;
  std::map<std::string, torch::Tensor> by_name;  // Hugging Face names; shares storage with the above
};

// Weights of `dtype`, values unset.
Parameters AllocateParameters(const ModelConfig& config, torch::ScalarType dtype, torch::Device device,
                              bool fused);

// Sets matrices to normal numbers of standard deviation `std`, norms to 1, biases to 0. The same numbers for the same
// seed on every device.
void InitializeParameters(const Parameters& parameters, uint64_t seed, double std);

}  // namespace drover::model
