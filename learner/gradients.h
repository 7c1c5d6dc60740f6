// How a step's gradients come together over the ranks, and what a rank holds of them.
//
//   learner.sharding   a rank holds, until the step ends            the sum is made               and lies
//   NONE               all gradients                                by one all-reduce             whole on every rank
//   OPTIMIZER          all gradients                                by a reduce-scatter a bucket  in runs: a rank's own
//   GRADIENTS          its runs, and the buckets in the works       after every backward pass     the same
//   WEIGHTS            (layerwise_gradients.h)
//
// docs/decisions/0019-shards.md has the reasons.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/shard_plan.h"
#include "ranks/collectives.h"

namespace drover::learner {

// Of float32 leaves on one device, whose .grad is this object's while it lives. Not thread-safe. Every rank makes the
// same calls of Begin, Sum, Norm and Clip.
class StepGradients {
 public:
  virtual ~StepGradients() = default;

  // A step begins: gradients to zero. This rank will make `passes` backward passes, and other ranks as many as they say.
  virtual absl::Status Begin(int64_t passes) = 0;
  // After each of them.
  virtual void EndPass() {}
  // Behind the last one: sums over the ranks. Errors are those of the collectives, also of earlier ones in the step.
  virtual absl::Status Sum() = 0;

  // What this rank holds of the sum: one flat tensor of all, or its runs, padding (zeros) included.
  const std::vector<torch::Tensor>& sums() const { return sums_; }
  // The same as one flat tensor for each of the rank's pieces of the parameters, in the order of the plan.
  const std::vector<torch::Tensor>& pieces() const { return pieces_; }

  // The 2-norm of the sum, over all parameters; not finite if one number is not, on any rank.
  virtual absl::StatusOr<double> Norm() const = 0;
  // Scales by min(1, max_norm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ does. 0: does nothing.
  void Clip(double norm, double max_norm);

 protected:
  std::vector<torch::Tensor> sums_;
  std::vector<torch::Tensor> pieces_;
};

// The 2-norm over all of `tensors`, in double precision.
double NormOf(const std::vector<torch::Tensor>& tensors);
// Of what is spread over the ranks: the root of the sum of their squared norms.
absl::StatusOr<double> NormOverRanks(const std::vector<torch::Tensor>& own, Collectives& collectives);

// A flat buffer that autograd adds into. Not thread-safe. While it lives, the .grad of each parameter is a view into it.
class GradientBucket {
 public:
  // `parameters` are float32 leaves on one device. The gradient of parameter i is at plan.Offset(i), zeros are between the
  // plan's buckets.
  GradientBucket(const std::vector<torch::Tensor>& parameters, const ShardPlan& plan);
  // Without gaps.
  explicit GradientBucket(const std::vector<torch::Tensor>& parameters);

  void Zero() { flat_.zero_(); }
  // All gradients, [plan.flat_elements()].
  torch::Tensor flat() const { return flat_; }
  // One per parameter, in their order and shapes.
  const std::vector<torch::Tensor>& views() const { return views_; }

 private:
  torch::Tensor flat_;
  std::vector<torch::Tensor> views_;
};

// NONE: the plan is of one rank and one bucket.
class ReducedGradients final : public StepGradients {
 public:
  ReducedGradients(const std::vector<torch::Tensor>& parameters, const ShardPlan& plan,
                   Collectives* collectives);
  absl::Status Begin(int64_t passes) override;
  absl::Status Sum() override { return collectives_->AllReduceSum(bucket_.flat()); }
  absl::StatusOr<double> Norm() const override { return NormOf(sums_); }

 private:
  Collectives* const collectives_;
  GradientBucket bucket_;
};

// OPTIMIZER. `wire`: what gradients travel as.
class ScatteredGradients final : public StepGradients {
 public:
  ScatteredGradients(const std::vector<torch::Tensor>& parameters, const ShardPlan& plan,
                     torch::ScalarType wire, Collectives* collectives);
  absl::Status Begin(int64_t passes) override;
  absl::Status Sum() override;
  absl::StatusOr<double> Norm() const override { return NormOverRanks(sums_, *collectives_); }

 private:
  const torch::ScalarType wire_;
  Collectives* const collectives_;
  GradientBucket bucket_;
  std::vector<torch::Tensor> exchanged_;  // views into it: what is exchanged at a time
};

}  // namespace drover::learner
