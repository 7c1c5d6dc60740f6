#include "learner/losses/importance_correction.h"

#include <ATen/ATen.h>

namespace drover::learner {
namespace {

constexpr double kMaxLogWeight = 40.0;

torch::Tensor LogWeight(CorrectionLevel level, const LossTokens& tokens) {
  switch (level) {
    case CorrectionLevel::kToken:
      break;
    case CorrectionLevel::kSequence:
      return tokens.correction_sums_K;
    case CorrectionLevel::kGeometric:
      return tokens.correction_sums_K / tokens.lengths_K;
  }
  return tokens.old_logprobs_K - tokens.actor_logprobs_K;
}

}  // namespace

LossNeeds ImportanceCorrection::needs() const {
  LossNeeds needs;
  needs.actor_logprobs = options_.level == CorrectionLevel::kToken;
  needs.correction_sums = options_.level != CorrectionLevel::kToken;
  return needs;
}

torch::Tensor ImportanceCorrection::PerToken(const LossTokens& tokens) const {
  const torch::Tensor weight_K =
      LogWeight(options_.level, tokens).detach().clamp(-kMaxLogWeight, kMaxLogWeight).exp();
  switch (options_.kind) {
    case CorrectionKind::kNone:
    case CorrectionKind::kUntruncated:
      break;
    case CorrectionKind::kTruncated:
      return weight_K.clamp_max(options_.high);
    case CorrectionKind::kMasked:
      return at::where(at::logical_and(weight_K >= options_.low, weight_K <= options_.high), weight_K,
                       at::zeros_like(weight_K));
  }
  return weight_K;
}

}  // namespace drover::learner
