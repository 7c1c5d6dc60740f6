#include "learner/losses/token_weights.h"

#include <ATen/ATen.h>

namespace drover::learner {

torch::Tensor TokenWeights(Aggregation aggregation, int64_t budget, const torch::Tensor& lengths_K,
                           const StepSize& step) {
  const double responses = static_cast<double>(step.responses);
  if (aggregation == Aggregation::kResponseLength) return (lengths_K * responses).reciprocal();
  return at::full_like(lengths_K, 1.0 / (responses * static_cast<double>(budget)));
}

}  // namespace drover::learner
