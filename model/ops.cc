#include "model/ops.h"

#include <ATen/ATen.h>

namespace drover::model::ops {

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
