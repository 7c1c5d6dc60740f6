#include "learner/replica.h"

#include <ATen/ATen.h>

#include <utility>

#include "base/status.h"
#include "learner/losses/make_loss.h"
#include "learner/shards.h"

namespace drover::learner {

Replica::Replica(const TrainerOptions& trainer_options, std::unique_ptr<model::Transformer> transformer,
                 Collectives* group)
    : options(trainer_options),
      loss(MakeLoss(options.loss)),
      model(std::move(transformer)),
      collectives(group),
      stepper(WeightList(*model), {options.adamw, options.max_grad_norm}, collectives) {}

absl::Status Replica::BeginReinforcement() {
  stepper.adamw().Reset();
  stepper.set_skipped_in_a_row(0);
  optimizer_steps = 0;
  if (!loss.needs().reference) return absl::OkStatus();
  ASSIGN_OR_RETURN(const model::WeightSet weights, model->Export());
  ASSIGN_OR_RETURN(reference, NewReference(*model));
  return reference->Import(weights);
}

// Every rank makes the same sequence of broadcasts: the shapes are the same everywhere, since every rank has the same
// model, and whether the reference takes part is decided by rank 0's word.
absl::Status Replica::ShareState() {
  if (collectives->size() == 1) return absl::OkStatus();
  torch::Tensor numbers = at::tensor(
      {static_cast<int64_t>(optimizer_steps), static_cast<int64_t>(stepper.adamw().steps()),
       static_cast<int64_t>(stepper.skipped_in_a_row()), static_cast<int64_t>(reference != nullptr)},
      at::kLong);
  RETURN_IF_ERROR(collectives->Broadcast(numbers));
  optimizer_steps = numbers[0].item<int64_t>();
  stepper.adamw().set_steps(numbers[1].item<int64_t>());
  stepper.set_skipped_in_a_row(numbers[2].item<int64_t>());
  for (const torch::Tensor& weight : stepper.parameters())
    RETURN_IF_ERROR(collectives->Broadcast(weight.detach()));
  for (const torch::Tensor& moment : stepper.adamw().first_moments())
    RETURN_IF_ERROR(collectives->Broadcast(moment));
  for (const torch::Tensor& moment : stepper.adamw().second_moments()) {
    RETURN_IF_ERROR(collectives->Broadcast(moment));
  }
  if (numbers[3].item<int64_t>() == 0) {
    reference = nullptr;
    return absl::OkStatus();
  }
  if (reference == nullptr) {
    ASSIGN_OR_RETURN(reference, NewReference(*model));
  }
  for (const auto& [name, weight] : reference->weights()) {
    const torch::Tensor values = weight.contiguous();  // may be a view of a fused matrix
    RETURN_IF_ERROR(collectives->Broadcast(values));
    weight.copy_(values);
  }
  return absl::OkStatus();
}

TrainerState Replica::State() const {
  TrainerState state;
  state.counters = {optimizer_steps, stepper.adamw().steps(), stepper.skipped_in_a_row()};
  const auto first = WholesOf(stepper.shards(), stepper.adamw().first_moments(), stepper.parameters());
  const auto second = WholesOf(stepper.shards(), stepper.adamw().second_moments(), stepper.parameters());
  size_t i = 0;
  for (const auto& [name, weight] : model->weights()) {
    state.weights[name] = weight.detach();
    state.first_moments[name] = first[i];
    state.second_moments[name] = second[i];
    ++i;
  }
  if (reference != nullptr) {
    for (const auto& [name, weight] : reference->weights()) state.reference[name] = weight;
  }
  return state;
}

absl::Status Replica::Restore(const TrainerState& given) {
  TrainerState state = given;
  TrainerState own = State();
  own.reference.clear();
  std::unique_ptr<model::Transformer> restored;  // the reference
  if (!loss.needs().reference) {
    state.reference.clear();  // the KL term was turned off: nothing looks at it any more
  } else if (state.reference.empty()) {
    return absl::InvalidArgumentError(
        "loss.kl_coefficient is above 0, but the state has no reference policy: a KL term must be "
        "there from the start of the run");
  } else {
    ASSIGN_OR_RETURN(restored, NewReference(*model));
    own.reference = {restored->weights().begin(), restored->weights().end()};
  }
  RETURN_IF_ERROR(CopyState(state, &own));
  reference = std::move(restored);
  optimizer_steps = state.counters.optimizer_steps;
  stepper.adamw().set_steps(state.counters.adamw_steps);
  stepper.set_skipped_in_a_row(state.counters.skipped_in_a_row);
  return absl::OkStatus();
}

}  // namespace drover::learner
