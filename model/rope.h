// Rotary position embedding (Su et al., "RoFormer", 2021) in the form of Hugging Face's Llama: the first half of a
// head is rotated against the second.
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/config.h"

namespace drover::model {

// The head_dim / 2 angular frequencies, stretched as Llama 3.1 does where the configuration says so. Kept in float32
// because the published models were trained with frequencies rounded so.
std::vector<float> RopeFrequencies(const ModelConfig& config);

// cos and sin of the angles of some positions, float32, [..., 1, head_dim]: the last dimension holds the angles of the
// first half of a head and the same again, the sines of the first half negated; the one before it spans the heads.
struct RopeAngles {
  torch::Tensor cos;
  torch::Tensor sin;
};

// frequencies: float32 [head_dim / 2]; positions: int64, any shape.
RopeAngles MakeRopeAngles(const torch::Tensor& frequencies, const torch::Tensor& positions);

// Rotates heads [..., H, head_dim]. Returns float32.
torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles);

}  // namespace drover::model
