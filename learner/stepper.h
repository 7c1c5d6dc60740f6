// What every optimizer step has in common, supervised or not: gradients of all ranks summed, checked to be finite,
// clipped, and taken by AdamW, or the whole step skipped.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/adamw.h"
#include "learner/collectives.h"
#include "learner/gradients.h"
#include "learner/shard_plan.h"
#include "learner/update_stats.h"

namespace drover::learner {

struct StepperOptions {
  AdamWOptions adamw;
  double max_grad_norm = 1.0;  // 0: gradients are not clipped
};

// Every rank makes the same calls in the same order and decides alike, since it decides on sums over all ranks.
class Stepper {
 public:
  // `collectives` must outlive the stepper.
  Stepper(std::vector<torch::Tensor> parameters, const StepperOptions& options, Collectives* collectives);

  // Gradients to zero; backward passes may follow.
  void Begin() { gradients_.Zero(); }

  // Ends the step: `loss` is this rank's share. Errors are those of the collectives.
  absl::StatusOr<StepStats> Finish(double loss, double learning_rate);

  const std::vector<torch::Tensor>& parameters() const { return parameters_; }
  torch::Device device() const { return gradients_.flat().device(); }
  // Of this rank since Begin(); of all ranks, clipped, after Finish().
  const GradientBucket& gradients() const { return gradients_; }
  // Over this rank's pieces of the parameters, in the order of the plan.
  AdamW& adamw() { return adamw_; }
  const AdamW& adamw() const { return adamw_; }
  // Who owns which part of the optimizer's state: one shard, all of it, which every rank keeps the same.
  const ShardPlan& shards() const { return shards_; }
  uint64_t skipped_in_a_row() const { return skipped_in_a_row_; }
  void set_skipped_in_a_row(uint64_t steps) { skipped_in_a_row_ = steps; }

 private:
  const StepperOptions options_;
  Collectives* const collectives_;
  const std::vector<torch::Tensor> parameters_;
  const ShardPlan shards_;
  GradientBucket gradients_;
  const std::vector<torch::Tensor> gradient_shard_;  // views into gradients_, one per piece
  AdamW adamw_;
  uint64_t skipped_in_a_row_ = 0;
};

}  // namespace drover::learner
