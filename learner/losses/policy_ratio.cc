#include "learner/losses/policy_ratio.h"

#include <ATen/ATen.h>

namespace drover::learner {

LossNeeds PolicyRatioNeeds(PolicyRatio ratio) {
  LossNeeds needs;
  needs.sequence_sums = ratio == PolicyRatio::kPerResponse;
  return needs;
}

torch::Tensor LogRatio(PolicyRatio ratio, const LossTokens& tokens) {
  if (ratio == PolicyRatio::kPerToken) return tokens.logprobs_K - tokens.old_logprobs_K;
  const torch::Tensor mean_K = (tokens.sequence_log_ratios_K / tokens.lengths_K).detach();
  return mean_K + (tokens.logprobs_K - tokens.logprobs_K.detach());
}

}  // namespace drover::learner
