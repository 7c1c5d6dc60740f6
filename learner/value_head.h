// The value head of PPO: one linear map on the hidden states that the policy predicts from (docs/decisions/0022-value-head.md).
//
//   V_t = w . h_t + b        h_t: Transformer::Hidden where token t is predicted, so what is known before it was sampled
//
// Its parameters are trained and kept in checkpoints beside the model's, and are no part of the model: neither published nor
// in its Hugging Face directory.
#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace drover::learner {

inline constexpr std::array kValueHeadNames = {"value_head.bias", "value_head.weight"};

// Not thread-safe.
class ValueHead {
 public:
  // All zeros, so that every value is 0 and the trunk has no gradient of it before the head's first step.
  ValueHead(int64_t hidden_size, torch::Device device);

  // By kValueHeadNames: [1] and [1, D], float32 leaves.
  const std::map<std::string, torch::Tensor>& parameters() const { return parameters_; }

  // hidden_RD float32. Returns [R] float32, with gradients where they are on. A row's bits do not depend on the others.
  torch::Tensor Values(const torch::Tensor& hidden_RD) const;

 private:
  std::map<std::string, torch::Tensor> parameters_;
  torch::Tensor weight_1D_, bias_1_;
};

}  // namespace drover::learner
