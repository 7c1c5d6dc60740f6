#include "learner/stepper.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "base/status.h"
#include "learner/layer_buckets.h"
#include "learner/layerwise_gradients.h"
#include "learner/shards.h"

namespace drover::learner {
namespace {

std::vector<std::string> NamesOf(const std::map<std::string, torch::Tensor>& parameters) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : parameters) names.push_back(name);
  return names;
}

std::vector<torch::Tensor> TensorsOf(const std::map<std::string, torch::Tensor>& parameters) {
  std::vector<torch::Tensor> tensors;
  for (const auto& [name, tensor] : parameters) tensors.push_back(tensor);
  return tensors;
}

ShardPlan PlanOf(const std::vector<std::string>& names, const std::vector<torch::Tensor>& parameters,
                 Sharding sharding, int ranks) {
  if (sharding == Sharding::kNone) return PlanShards(parameters, /*ranks=*/1);
  return ShardPlan(ElementsOf(parameters), BucketsByLayer(names).parameters, ranks);
}

bool Overlaps(Sharding sharding, const ShardPlan& plan) {
  return (sharding == Sharding::kGradients || sharding == Sharding::kWeights) && plan.ranks() > 1;
}

// One rank has all weights.
std::unique_ptr<WeightShards> MakeWeights(const std::vector<std::string>& names,
                                          const std::vector<torch::Tensor>& parameters, const ShardPlan& plan,
                                          Sharding sharding, model::WeightSource source,
                                          Collectives* collectives, ExchangeQueue* exchanges) {
  if (sharding != Sharding::kWeights || plan.ranks() == 1) return nullptr;
  return std::make_unique<WeightShards>(names, parameters, plan, BucketsByLayer(names), std::move(source),
                                        collectives, exchanges);
}

std::unique_ptr<StepGradients> MakeGradients(const std::vector<std::string>& names,
                                             const std::vector<torch::Tensor>& parameters,
                                             const ShardPlan& plan, const StepperOptions& options,
                                             Collectives* collectives, ExchangeQueue* exchanges,
                                             WeightShards* weights) {
  const torch::ScalarType wire = options.sharding.bfloat16_exchange ? at::kBFloat16 : at::kFloat;
  switch (options.sharding.sharding) {
    case Sharding::kNone:
      break;
    case Sharding::kOptimizer:
      return std::make_unique<ScatteredGradients>(parameters, plan, wire, collectives);
    case Sharding::kGradients:
    case Sharding::kWeights:
      return std::make_unique<LayerwiseGradients>(parameters, plan, BucketsByLayer(names), wire, collectives,
                                                  exchanges, weights, options.progress);
  }
  return std::make_unique<ReducedGradients>(parameters, plan, collectives);
}

// Of a shard's pieces.
std::vector<double> RateScales(const std::vector<std::string>& names, const ShardPlan& plan, int shard,
                               const std::map<std::string, double>& by_name) {
  std::vector<double> scales;
  for (const ShardPiece& piece : plan.Pieces(shard)) {
    const auto found = by_name.find(names[piece.parameter]);
    scales.push_back(found == by_name.end() ? 1.0 : found->second);
  }
  return scales;
}

}  // namespace

Stepper::Stepper(const std::map<std::string, torch::Tensor>& parameters, const StepperOptions& options,
                 Collectives* collectives, model::WeightSource source)
    : options_(options),
      collectives_(collectives),
      names_(NamesOf(parameters)),
      parameters_(TensorsOf(parameters)),
      shards_(PlanOf(names_, parameters_, options.sharding.sharding, collectives->size())),
      exchanges_(/*threaded=*/Overlaps(options.sharding.sharding, shards_), device()),
      weights_(MakeWeights(names_, parameters_, shards_, options.sharding.sharding, std::move(source),
                           collectives, &exchanges_)),
      gradients_(
          MakeGradients(names_, parameters_, shards_, options, collectives, &exchanges_, weights_.get())),
      adamw_(weights_ != nullptr ? weights_->pieces() : ShardOf(shards_, shard(), parameters_), options.adamw,
             RateScales(names_, shards_, shard(), options.rate_scales)) {}

absl::Status Stepper::Begin(int64_t passes, int64_t forwards) {
  if (weights_ != nullptr) RETURN_IF_ERROR(weights_->BeginStep(forwards));
  return gradients_->Begin(passes);
}

absl::Status Stepper::BeginForwards(int64_t passes) {
  return weights_ == nullptr ? absl::OkStatus() : weights_->BeginForwards(passes);
}

absl::Status Stepper::EndForward() {
  if (weights_ == nullptr) return absl::OkStatus();
  weights_->EndForward();
  return weights_->failed();
}

absl::Status Stepper::EndForwards(const std::function<void()>& progress) {
  return weights_ == nullptr ? absl::OkStatus() : weights_->EndForwards(progress);
}

absl::StatusOr<StepStats> Stepper::Finish(double loss, double learning_rate) {
  torch::Tensor total = at::full({1}, loss, at::kDouble);
  if (weights_ != nullptr) RETURN_IF_ERROR(weights_->EndStep());
  RETURN_IF_ERROR(gradients_->Sum());
  RETURN_IF_ERROR(collectives_->AllReduceSum(total));
  ASSIGN_OR_RETURN(const double norm, gradients_->Norm());
  StepStats stats{total.item<double>(), norm};
  if (!std::isfinite(stats.loss) || !std::isfinite(stats.grad_norm)) {
    stats.skipped = true;
    ++skipped_in_a_row_;
    return stats;
  }
  skipped_in_a_row_ = 0;
  gradients_->Clip(stats.grad_norm, options_.max_grad_norm);
  adamw_.Step(gradients_->pieces(), learning_rate);
  if (weights_ == nullptr) RETURN_IF_ERROR(GatherShards(shards_, parameters_, *collectives_));
  return stats;
}

}  // namespace drover::learner
