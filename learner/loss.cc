#include "learner/loss.h"

#include <ATen/ATen.h>

namespace drover::learner {
namespace {

constexpr double kMaxLogRatio = 40.0;  // as in the paper's code: exp(40) is about 2e17

// k3 of Schulman, "Approximating KL divergence": exp(d) - d - 1 >= 0, by expm1 so that small d keep their digits.
torch::Tensor K3(const torch::Tensor& log_ratio) { return at::expm1(log_ratio) - log_ratio; }

// w_i of each token.
torch::Tensor TokenWeights(const LossTokens& tokens, int64_t responses, const LossOptions& options) {
  const double n = static_cast<double>(responses);
  if (options.aggregation == Aggregation::kResponseLength) return (tokens.lengths_K * n).reciprocal();
  return at::full_like(tokens.advantages_K, 1.0 / (n * static_cast<double>(options.budget)));
}

}  // namespace

PolicyLossResult PolicyLoss(const LossTokens& tokens, int64_t responses, const LossOptions& options) {
  const torch::Tensor log_ratio_K = tokens.logprobs_K - tokens.old_logprobs_K;
  const torch::Tensor ratio_K = log_ratio_K.exp();
  const torch::Tensor plain_K = ratio_K * tokens.advantages_K;
  const torch::Tensor clipped_K =
      ratio_K.clamp(1.0 - options.clip_low, 1.0 + options.clip_high) * tokens.advantages_K;
  torch::Tensor loss_K = -at::minimum(plain_K, clipped_K);

  const bool reference = options.kl_coefficient > 0.0;
  torch::Tensor kl_K;
  if (reference) {
    kl_K = K3((tokens.reference_logprobs_K - tokens.logprobs_K).clamp(-kMaxLogRatio, kMaxLogRatio));
    loss_K = loss_K + options.kl_coefficient * kl_K;
  }
  const torch::Tensor loss = (TokenWeights(tokens, responses, options) * loss_K).sum();

  at::NoGradGuard no_grad;
  const auto total = [](const torch::Tensor& x_K) { return x_K.sum(at::kDouble); };
  const torch::Tensor zero = at::zeros({}, loss.options().dtype(at::kDouble).requires_grad(false));
  LossSums sums;
  sums.clipped = total(clipped_K < plain_K);
  sums.ratio = total(ratio_K);
  sums.ratio_max = ratio_K.numel() > 0 ? ratio_K.max().to(at::kDouble) : zero;
  sums.kl_old = total(K3(log_ratio_K));
  sums.kl_reference = reference ? total(kl_K) : zero;
  return {loss, sums};
}

torch::Tensor CrossEntropy(const torch::Tensor& logprobs_K, int64_t tokens) {
  return -logprobs_K.sum() / static_cast<double>(tokens);
}

}  // namespace drover::learner
