#include "learner/replica.h"

#include <ATen/ATen.h>

#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "learner/losses/make_loss.h"
#include "learner/shards.h"
#include "model/weight_rounding.h"

namespace drover::learner {
namespace {

// Moments of rank 0, whole, cut by the plan: each rank takes its pieces, `own`, a bucket of them at a time. `given` is
// looked at on rank 0.
absl::Status ScatterMoments(const Stepper& stepper, const Moments* given,
                            const std::vector<torch::Tensor>& own, Collectives& collectives) {
  const ShardPlan& plan = stepper.shards();
  const std::vector<ShardPiece> pieces = plan.Pieces(stepper.shard());
  size_t next = 0;  // of the pieces
  for (const ShardBucket& bucket : plan.buckets()) {
    const size_t end = bucket.first + bucket.parameters;
    const torch::Tensor flat = at::zeros({plan.ranks() * bucket.run_elements},
                                         stepper.parameters()[bucket.first].detach().options());
    for (size_t i = bucket.first; given != nullptr && i < end; ++i) {
      CopyMoment(given->at(stepper.names()[i]), 0,
                 flat.narrow(0, plan.Offset(i) - bucket.begin, plan.parameter_elements()[i]));
    }
    RETURN_IF_ERROR(collectives.Broadcast(flat));
    for (; next < pieces.size() && pieces[next].parameter < end; ++next) {
      const ShardPiece& piece = pieces[next];
      const int64_t begin = plan.Offset(piece.parameter) - bucket.begin + piece.begin;
      own[next].copy_(flat.narrow(0, begin, piece.elements));
    }
  }
  return absl::OkStatus();
}

// The pieces that a rank keeps of one moment, or of the weights, by name. They share storage with `own`.
Moments MomentsOf(const Stepper& stepper, const std::vector<torch::Tensor>& own) {
  Moments moments;
  const std::vector<ShardPiece> pieces = stepper.shards().Pieces(stepper.shard());
  for (size_t k = 0; k < pieces.size(); ++k) {
    const torch::Tensor& parameter = stepper.parameters()[pieces[k].parameter];
    const bool whole = pieces[k].elements == parameter.numel();
    moments[stepper.names()[pieces[k].parameter]] = {
        {pieces[k].begin, whole ? own[k].view(parameter.sizes()) : own[k]}};
  }
  return moments;
}

std::unique_ptr<const ValueHead> MakeValueHead(const Loss& loss, const model::Transformer& model) {
  if (!loss.needs().values) return nullptr;
  return std::make_unique<ValueHead>(model.config().hidden_size, model.versioned().begin()->second.device());
}

StepperOptions StepperOptionsOf(const TrainerOptions& options, const ValueHead* value_head) {
  StepperOptions result{options.adamw, options.max_grad_norm, options.sharding, {}, options.progress};
  if (value_head == nullptr) return result;
  for (const auto& [name, weight] : value_head->parameters()) {
    result.rate_scales[name] = options.value_rate_scale;
  }
  return result;
}

// Of a run that had a value head and has none now: nothing looks at it any more.
void DropValueHead(TrainerState* state) {
  for (const char* const name : kValueHeadNames) {
    state->weights.erase(name);
    state->first_moments.erase(name);
    state->second_moments.erase(name);
  }
}

}  // namespace

Replica::Replica(const TrainerOptions& trainer_options, std::unique_ptr<model::Transformer> transformer,
                 Collectives* group)
    : options(trainer_options),
      loss(MakeLoss(options.loss)),
      model(std::move(transformer)),
      value_head(MakeValueHead(loss, *model)),
      collectives(group),
      stepper(trained(), StepperOptionsOf(options, value_head.get()), collectives, model->source()),
      writer_(options.checkpoints, collectives) {
  DROVER_CHECK(stepper.weights() != nullptr || !model->options().deferred);
  DROVER_CHECK(stepper.weights() == nullptr || value_head == nullptr);  // the recipe's checks refuse it
  model->DropSource();
  if (stepper.weights() == nullptr) return;
  model->SetLayerWeights(stepper.weights());
  stepper.weights()->set_behind_ends([this] { model->DropPacked(); });
}

std::map<std::string, torch::Tensor> Replica::trained() const {
  std::map<std::string, torch::Tensor> all = model->versioned();
  if (value_head != nullptr) all.insert(value_head->parameters().begin(), value_head->parameters().end());
  return all;
}

bool Replica::needs_reference() const {
  return loss.needs().reference || options.advantage.kl.coefficient > 0.0;
}

absl::Status Replica::BeginReinforcement() {
  stepper.adamw().Reset();
  stepper.set_skipped_in_a_row(0);
  optimizer_steps = 0;
  if (!needs_reference()) return absl::OkStatus();
  ASSIGN_OR_RETURN(reference, NewReference(*model));
  return adapts() ? absl::OkStatus() : CopyToReference();
}

// Every rank keeps a whole reference, in the model's dtype.
absl::Status Replica::CopyToReference() {
  if (stepper.weights() == nullptr) {
    ASSIGN_OR_RETURN(const model::WeightSet weights, model->Export());
    return reference->Import(weights);
  }
  return stepper.weights()->ForEachWhole([this](size_t i) {
    const at::NoGradGuard no_grad;
    reference->weights().at(stepper.names()[i]).copy_(stepper.parameters()[i].detach());
    return absl::OkStatus();
  });
}

absl::StatusOr<model::WeightSet> Replica::ExportWeights() {
  if (stepper.weights() == nullptr) return model->Export();
  model::WeightSetBuilder builder;
  RETURN_IF_ERROR(stepper.weights()->ForEachWhole([&](size_t i) {
    if (collectives->rank() != 0) return absl::OkStatus();
    return model::AddRounded(stepper.names()[i], stepper.parameters()[i], model->options().dtype, &builder);
  }));
  return std::move(builder).Finish();
}

absl::Status Replica::ShareBase() {
  if (!adapts() || collectives->size() == 1) return absl::OkStatus();
  for (const auto& [name, weight] : model->weights()) RETURN_IF_ERROR(collectives->Broadcast(weight));
  return absl::OkStatus();
}

// Every rank makes the same sequence of broadcasts: the shapes are the same everywhere, since every rank has the same
// model, and whether the reference takes part is decided by rank 0's word.
absl::Status Replica::ShareState(const TrainerState* restored) {
  if (collectives->size() == 1) return absl::OkStatus();
  torch::Tensor numbers =
      at::tensor({static_cast<int64_t>(optimizer_steps), static_cast<int64_t>(stepper.adamw().steps()),
                  static_cast<int64_t>(stepper.skipped_in_a_row()),
                  static_cast<int64_t>(reference != nullptr), static_cast<int64_t>(restored != nullptr)},
                 at::kLong);
  RETURN_IF_ERROR(collectives->Broadcast(numbers));
  optimizer_steps = numbers[0].item<int64_t>();
  stepper.adamw().set_steps(numbers[1].item<int64_t>());
  stepper.set_skipped_in_a_row(numbers[2].item<int64_t>());
  RETURN_IF_ERROR(ShareWeights(restored, numbers[4].item<int64_t>() != 0));
  RETURN_IF_ERROR(ShareMoments(restored, numbers[4].item<int64_t>() != 0));
  if (numbers[3].item<int64_t>() == 0) {
    reference = nullptr;
    return absl::OkStatus();
  }
  if (reference == nullptr) {
    ASSIGN_OR_RETURN(reference, NewReference(*model));
  }
  if (adapts()) return absl::OkStatus();
  for (const auto& [name, weight] : reference->weights()) {
    const torch::Tensor values = weight.contiguous();  // may be a view of a fused matrix
    RETURN_IF_ERROR(collectives->Broadcast(values));
    weight.copy_(values);
  }
  return absl::OkStatus();
}

absl::Status Replica::ShareWeights(const TrainerState* restored, bool any) {
  if (stepper.weights() == nullptr) {
    for (const torch::Tensor& weight : stepper.parameters())
      RETURN_IF_ERROR(collectives->Broadcast(weight.detach()));
    return absl::OkStatus();
  }
  if (!any) return stepper.weights()->ScatterInitial();
  return stepper.weights()->Scatter([&](size_t parameter, const torch::Tensor& into) {
    CopyMoment(WeightIn(*restored, stepper.names()[parameter]), 0, into);
    return absl::OkStatus();
  });
}

absl::Status Replica::ShareMoments(const TrainerState* restored, bool any) {
  AdamW& adamw = stepper.adamw();
  if (stepper.shards().ranks() > 1) {
    if (!any) return absl::OkStatus();
    RETURN_IF_ERROR(ScatterMoments(stepper, restored == nullptr ? nullptr : &restored->first_moments,
                                   adamw.first_moments(), *collectives));
    return ScatterMoments(stepper, restored == nullptr ? nullptr : &restored->second_moments,
                          adamw.second_moments(), *collectives);
  }
  for (const torch::Tensor& moment : adamw.first_moments()) RETURN_IF_ERROR(collectives->Broadcast(moment));
  for (const torch::Tensor& moment : adamw.second_moments()) RETURN_IF_ERROR(collectives->Broadcast(moment));
  return absl::OkStatus();
}

absl::Status Replica::SaveShard() {
  ++saves;
  if (collectives->rank() == 0) return absl::OkStatus();
  TrainerState state = State();
  if (model->options().dtype == at::kFloat) state.weight_pieces.clear();  // model.safetensors has them
  ASSIGN_OR_RETURN(ShardSnapshot shard, TakeShard(state, collectives->rank(), collectives->size()));
  writer_.Begin(saves, std::move(shard));
  return absl::OkStatus();
}

TrainerState Replica::State() const {
  TrainerState state;
  state.counters = {optimizer_steps, stepper.adamw().steps(), stepper.skipped_in_a_row()};
  state.first_moments = MomentsOf(stepper, stepper.adamw().first_moments());
  state.second_moments = MomentsOf(stepper, stepper.adamw().second_moments());
  if (stepper.weights() != nullptr) {
    state.weight_pieces = MomentsOf(stepper, stepper.weights()->pieces());
  } else {
    for (const auto& [name, weight] : trained()) state.weights[name] = weight.detach();
  }
  if (reference != nullptr && !adapts()) {
    for (const auto& [name, weight] : reference->weights()) state.reference[name] = weight;
  }
  return state;
}

// Where ranks share them they come with ShareState.
void Replica::RestoreWeights(const TrainerState& state) {
  if (stepper.weights() != nullptr) return;
  const at::NoGradGuard no_grad;
  for (const auto& [name, weight] : trained()) {
    CopyMoment(WeightIn(state, name), 0, weight.detach().view({-1}));
  }
}

absl::Status Replica::Restore(const TrainerState& given) {
  TrainerState state = given;
  std::map<std::string, torch::Tensor> own_reference;
  std::unique_ptr<model::Transformer> restored;  // the reference
  if (!needs_reference()) {
    state.reference.clear();  // the KL term was turned off: nothing looks at it any more
  } else if (adapts()) {
    ASSIGN_OR_RETURN(restored, NewReference(*model));
  } else if (state.reference.empty()) {
    return absl::InvalidArgumentError(
        "loss.kl_coefficient or reward.kl_coefficient is above 0, but the state has no reference policy: a "
        "KL must be "
        "there from the start of the run");
  } else {
    ASSIGN_OR_RETURN(restored, NewReference(*model));
    own_reference = restored->weights();
  }
  if (value_head == nullptr) {
    DropValueHead(&state);
  } else if (state.weights.count(kValueHeadNames[0]) == 0) {
    return absl::InvalidArgumentError(
        "advantage.baseline is VALUE, but the state has no value head: it must be there from the start of "
        "the run");
  }
  RETURN_IF_ERROR(CheckState(state, trained(), own_reference));
  RestoreWeights(state);
  CopyTensors(state.reference, own_reference);
  const std::vector<ShardPiece> pieces = stepper.shards().Pieces(stepper.shard());
  for (size_t k = 0; k < pieces.size(); ++k) {
    const std::string& name = stepper.names()[pieces[k].parameter];
    CopyMoment(state.first_moments.at(name), pieces[k].begin, stepper.adamw().first_moments()[k]);
    CopyMoment(state.second_moments.at(name), pieces[k].begin, stepper.adamw().second_moments()[k]);
  }
  reference = std::move(restored);
  optimizer_steps = state.counters.optimizer_steps;
  stepper.adamw().set_steps(state.counters.adamw_steps);
  stepper.set_skipped_in_a_row(state.counters.skipped_in_a_row);
  return absl::OkStatus();
}

}  // namespace drover::learner
