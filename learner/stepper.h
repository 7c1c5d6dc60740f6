// What every optimizer step has in common, supervised or not: gradients of all ranks summed, checked to be finite,
// clipped, and taken by AdamW, or the whole step skipped.
//
//   Begin ─▶ backward, EndPass ─▶ ... ─▶ Finish: sum ─▶ finite? ─▶ clip ─▶ AdamW over this rank's pieces ─▶ gather weights
//
// Where ranks share the weights, too, there is nothing to gather behind a step, and whoever computes says so before
// (Begin, BeginForwards).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/adamw.h"
#include "learner/exchange_queue.h"
#include "learner/gradients.h"
#include "learner/shard_plan.h"
#include "learner/sharding.h"
#include "learner/update_stats.h"
#include "learner/weight_shards.h"
#include "model/layer_weights.h"
#include "ranks/collectives.h"

namespace drover::learner {

struct StepperOptions {
  AdamWOptions adamw;
  double max_grad_norm = 1.0;  // 0: gradients are not clipped
  ShardingOptions sharding;
  std::map<std::string, double> rate_scales;  // by name: what its learning rate is multiplied by, if not by 1
  // Called before each backward pass that only other ranks make, and this one waits for: a sign of life. Null: nothing.
  std::function<void()> progress = nullptr;
};

// Every rank makes the same calls in the same order and decides alike, since it decides on sums over all ranks.
class Stepper {
 public:
  // Of `parameters`, by name. `collectives` must outlive the stepper. `source`: where the values of parameters without memory
  // come from, or null; only where ranks share the weights.
  Stepper(const std::map<std::string, torch::Tensor>& parameters, const StepperOptions& options,
          Collectives* collectives, model::WeightSource source = nullptr);

  // A step begins, gradients are zero; this rank makes `passes` backward passes in it, each behind `forwards` forward passes
  // and followed by EndPass. Errors are those of the collectives.
  absl::Status Begin(int64_t passes, int64_t forwards = 1);
  void EndPass() { gradients_->EndPass(); }

  // Forward passes without a backward one: this rank makes `passes` of them, each followed by EndForward, and then EndForwards.
  // Collective where ranks share the weights; otherwise nothing happens. `progress`: called before each pass that only others
  // make, which this rank waits for.
  absl::Status BeginForwards(int64_t passes);
  // The errors so far.
  absl::Status EndForward();
  absl::Status EndForwards(const std::function<void()>& progress = nullptr);
  // Null: weights are whole.
  WeightShards* weights() { return weights_.get(); }
  const WeightShards* weights() const { return weights_.get(); }

  // Ends the step: `loss` is this rank's share. Errors are those of the collectives.
  absl::StatusOr<StepStats> Finish(double loss, double learning_rate);

  const std::vector<std::string>& names() const { return names_; }  // of the parameters, sorted
  const std::vector<torch::Tensor>& parameters() const { return parameters_; }
  torch::Device device() const { return parameters_.at(0).device(); }
  // Of all ranks, clipped, after Finish().
  const StepGradients& gradients() const { return *gradients_; }
  // Over this rank's pieces of the parameters, in the order of the plan.
  AdamW& adamw() { return adamw_; }
  const AdamW& adamw() const { return adamw_; }
  // Who owns which part of the optimizer's state. Without sharding one shard, all of it, which every rank keeps the same.
  const ShardPlan& shards() const { return shards_; }
  // Which of the plan's shards is this rank's.
  int shard() const { return shards_.ranks() == 1 ? 0 : collectives_->rank(); }
  uint64_t skipped_in_a_row() const { return skipped_in_a_row_; }
  void set_skipped_in_a_row(uint64_t steps) { skipped_in_a_row_ = steps; }

 private:
  const StepperOptions options_;
  Collectives* const collectives_;
  const std::vector<std::string> names_;
  const std::vector<torch::Tensor> parameters_;
  const ShardPlan shards_;
  ExchangeQueue exchanges_;
  const std::unique_ptr<WeightShards> weights_;
  const std::unique_ptr<StepGradients> gradients_;
  AdamW adamw_;
  uint64_t skipped_in_a_row_ = 0;
};

}  // namespace drover::learner
