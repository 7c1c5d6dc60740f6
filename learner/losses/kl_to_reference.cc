#include "learner/losses/kl_to_reference.h"

#include <ATen/ATen.h>

#include "learner/losses/k3.h"

namespace drover::learner {
namespace {

constexpr double kMaxLogRatio = 40.0;  // as in the paper's code: exp(40) is about 2e17

}  // namespace

LossNeeds KlToReference::needs() const {
  LossNeeds needs;
  needs.reference = true;
  return needs;
}

torch::Tensor KlToReference::PerToken(const LossTokens& tokens, LossSums* sums) const {
  const torch::Tensor kl_K =
      K3((tokens.reference_logprobs_K - tokens.logprobs_K).clamp(-kMaxLogRatio, kMaxLogRatio));
  sums->kl_reference = kl_K.detach().sum(at::kDouble);
  return coefficient_ * kl_K;
}

}  // namespace drover::learner
