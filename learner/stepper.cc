#include "learner/stepper.h"

#include <ATen/ATen.h>

#include <cmath>

#include "base/status.h"
#include "learner/shards.h"

namespace drover::learner {
namespace {

constexpr int kShard = 0;  // of one

}  // namespace

Stepper::Stepper(std::vector<torch::Tensor> parameters, const StepperOptions& options,
                 Collectives* collectives)
    : options_(options),
      collectives_(collectives),
      parameters_(std::move(parameters)),
      shards_(PlanShards(parameters_, /*ranks=*/1)),
      gradients_(parameters_),
      gradient_shard_(ShardOf(shards_, kShard, gradients_.views())),
      adamw_(ShardOf(shards_, kShard, parameters_), options.adamw) {}

absl::StatusOr<StepStats> Stepper::Finish(double loss, double learning_rate) {
  torch::Tensor total = at::full({1}, loss, at::kDouble);
  RETURN_IF_ERROR(collectives_->AllReduceSum(total));
  RETURN_IF_ERROR(collectives_->AllReduceSum(gradients_.flat()));
  StepStats stats{total.item<double>(), gradients_.Norm()};
  if (!std::isfinite(stats.loss) || !std::isfinite(stats.grad_norm)) {
    stats.skipped = true;
    ++skipped_in_a_row_;
    return stats;
  }
  skipped_in_a_row_ = 0;
  gradients_.Clip(stats.grad_norm, options_.max_grad_norm);
  adamw_.Step(gradient_shard_, learning_rate);
  return stats;
}

}  // namespace drover::learner
