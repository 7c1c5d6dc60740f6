#include "learner/losses/token_weights.h"

#include <ATen/ATen.h>

namespace drover::learner {

torch::Tensor TokenWeights(const LossOptions& options, const torch::Tensor& lengths_K, const StepSize& step) {
  const double responses = static_cast<double>(step.responses);
  const double budget = static_cast<double>(options.budget);
  switch (options.aggregation) {
    case Aggregation::kConstant:
      break;
    case Aggregation::kResponseLength:
      return (lengths_K * responses).reciprocal();
    case Aggregation::kTokens:
      return at::full_like(lengths_K, 1.0 / static_cast<double>(step.tokens));
    case Aggregation::kVlNorm:
      return lengths_K.pow(-options.length_exponent) / (budget * step.length_powers);
  }
  return at::full_like(lengths_K, 1.0 / (responses * budget));
}

}  // namespace drover::learner
