#include "model/ops.h"

#include <ATen/ATen.h>

namespace drover::model::ops {

// w + (round(w) - w) is round(w) exactly: the difference of two close numbers is exact, and so is that sum.
torch::Tensor Rounded(const torch::Tensor& weight, torch::ScalarType dtype) {
  if (weight.scalar_type() == dtype) return weight.to(at::kFloat);
  return weight + (weight.detach().to(dtype).to(at::kFloat) - weight.detach());
}

torch::Tensor Embed(const torch::Tensor& ids, const torch::Tensor& table_VD, torch::ScalarType dtype) {
  return Rounded(at::embedding(table_VD, ids), dtype);
}

torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear) {
  const torch::ScalarType dtype = x.scalar_type();
  if (!linear.bias.defined()) return at::linear(x, linear.weight.to(dtype));
  return at::linear(x, linear.weight.to(dtype), linear.bias.to(dtype));
}

torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& weight, double eps, torch::ScalarType dtype) {
  const torch::Tensor wide = x.to(at::kFloat);
  return wide * at::rsqrt(at::mean(wide * wide, /*dim=*/{-1}, /*keepdim=*/true) + eps) *
         Rounded(weight, dtype);
}

torch::Tensor GatedActivation(const torch::Tensor& gate, const torch::Tensor& up) {
  return at::silu(gate) * up;
}

torch::Tensor AddResidual(torch::Tensor& x, const torch::Tensor& update) {
  return at::GradMode::is_enabled() ? x + update : x.add_(update);
}

torch::Tensor Logits(const torch::Tensor& hidden_ND, const torch::Tensor& head_VD) {
  return at::linear(hidden_ND, head_VD);
}

RopeAngles MakeRopeAngles(const torch::Tensor& frequencies, const torch::Tensor& positions) {
  const torch::Tensor angles = positions.to(at::kFloat).unsqueeze(-1).unsqueeze(-1) * frequencies;
  const torch::Tensor cos = angles.cos();
  const torch::Tensor sin = angles.sin();
  return {at::cat({cos, cos}, -1), at::cat({-sin, sin}, -1)};
}

torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles, torch::ScalarType dtype) {
  const torch::Tensor x = heads.to(at::kFloat);
  const int64_t half = x.size(-1) / 2;
  const torch::Tensor swapped = at::cat({x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
  return at::addcmul(x * angles.cos, swapped, angles.sin).to(dtype);
}

TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy) {
  const torch::Tensor logprobs_RV =
      (temperature == 1.0 ? logits_RV : logits_RV / temperature).log_softmax(-1);
  TokenScores scores;
  scores.logprobs_R = logprobs_RV.gather(1, targets_R.unsqueeze(1)).squeeze(1);
  if (!entropy) return scores;
  at::NoGradGuard no_grad;
  // A log-probability of -inf has probability 0 and adds 0, not 0 x inf.
  const torch::Tensor plain_RV = logprobs_RV.detach();
  scores.entropy_R = -(plain_RV.exp() * plain_RV.clamp_min(-1e4)).sum(-1);
  return scores;
}

}  // namespace drover::model::ops
