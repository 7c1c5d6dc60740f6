#include "learner/trainer.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "group/check.h"
#include "learner/forward.h"
#include "learner/stepper.h"
#include "learner/trainer_state.h"
#include "learner/update.h"

namespace drover::learner {
namespace {

// Followers are at most the end of the last command behind.
constexpr absl::Duration kAnnounceTimeout = absl::Minutes(10);

}  // namespace

struct Trainer::Impl {
  Impl(const TrainerOptions& trainer_options, std::unique_ptr<model::Transformer> transformer,
       Collectives* group)
      : options(trainer_options),
        model(std::move(transformer)),
        collectives(group),
        stepper(WeightList(*model), {options.adamw, options.max_grad_norm}, collectives) {}

  absl::Status Announce(const v1::RankCommand& command);
  group::GroupLimits Limits() const;
  absl::Status CheckGroups(const std::vector<v1::Group>& groups) const;
  absl::Status CheckExamples(const std::vector<SupervisedExample>& examples) const;
  absl::StatusOr<UpdateStats> Update(const std::vector<v1::Group>& groups, uint64_t rollout,
                                     uint64_t version);
  absl::StatusOr<double> SupervisedStep(const std::vector<SupervisedExample>& examples, double learning_rate);
  double SupervisedMicrobatch(const Microbatch& batch, int64_t tokens);
  absl::Status BeginReinforcement();
  absl::Status ShareState();

  const TrainerOptions options;
  const std::unique_ptr<model::Transformer> model;
  Collectives* const collectives;
  Stepper stepper;
  std::unique_ptr<model::Transformer> reference;  // the frozen policy of the KL term, or null
  uint64_t optimizer_steps = 0;
};

// Rank 0 tells the others what follows.
absl::Status Trainer::Impl::Announce(const v1::RankCommand& command) {
  if (collectives->size() == 1) return absl::OkStatus();
  if (collectives->rank() != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "rank ", collectives->rank(), " must be in FollowLeader: only rank 0 says what is next"));
  }
  if (command.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a command of ", command.ByteSizeLong(), " bytes is too large for one message (2 GiB)"));
  }
  std::string bytes = command.SerializeAsString();
  return collectives->Broadcast(&bytes, kAnnounceTimeout);
}

group::GroupLimits Trainer::Impl::Limits() const {
  group::GroupLimits limits = options.groups;
  limits.vocab_size = model->config().vocab_size;
  limits.max_positions = model->config().max_positions;
  limits.max_response_tokens = options.loss.budget;
  limits.allow_mixed_versions = options.actor_old_logprobs;
  return limits;
}

absl::Status Trainer::Impl::CheckGroups(const std::vector<v1::Group>& groups) const {
  if (groups.empty()) return absl::InvalidArgumentError("a rollout without groups; at least 1 is needed");
  for (const v1::Group& group : groups) {
    RETURN_IF_ERROR(Annotate(group::CheckGroup(group, Limits()),
                             ToStd(absl::StrCat("group ", group.group(), " (lease ", group.lease(), ")"))));
  }
  return absl::OkStatus();
}

absl::Status Trainer::Impl::CheckExamples(const std::vector<SupervisedExample>& examples) const {
  if (examples.empty()) return absl::InvalidArgumentError("a supervised step without examples");
  for (size_t i = 0; i < examples.size(); ++i) {
    const auto& [prompt, response] = examples[i];
    if (prompt.empty() || response.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("supervised example ", i, " has ", prompt.size(),
                                                     " prompt and ", response.size(),
                                                     " response tokens; it needs at least 1 of each"));
    }
    if (static_cast<int64_t>(prompt.size() + response.size()) > model->config().max_positions) {
      return absl::InvalidArgumentError(
          absl::StrCat("supervised example ", i, " has ", prompt.size() + response.size(),
                       " tokens; the model has ", model->config().max_positions, " positions"));
    }
    for (const auto* ids : {&prompt, &response}) {
      for (uint32_t id : *ids) {
        if (id < model->config().vocab_size) continue;
        return absl::InvalidArgumentError(absl::StrCat("supervised example ", i, " has token id ", id,
                                                       ", but the vocabulary has ",
                                                       model->config().vocab_size));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<UpdateStats> Trainer::Impl::Update(const std::vector<v1::Group>& groups, uint64_t rollout,
                                                  uint64_t version) {
  const UpdateContext context{options, *model, reference.get(), stepper, *collectives, optimizer_steps};
  return RolloutUpdate(context, groups, rollout, version).Run();
}

absl::StatusOr<double> Trainer::Impl::SupervisedStep(const std::vector<SupervisedExample>& examples,
                                                     double learning_rate) {
  std::vector<Sequence> sequences;
  std::vector<int64_t> lengths;
  std::vector<int64_t> all;
  int64_t tokens = 0;
  for (const SupervisedExample& example : examples) {
    all.push_back(static_cast<int64_t>(sequences.size()));
    sequences.push_back({example.prompt_token_ids, example.response_token_ids});
    lengths.push_back(example.prompt_token_ids.size() + example.response_token_ids.size());
    tokens += example.response_token_ids.size();
  }
  stepper.Begin();
  double loss = 0.0;
  for (const auto& responses :
       PlanMicrobatches(sequences, RankShare(all, lengths, collectives->rank(), collectives->size()),
                        options.microbatch_responses)) {
    loss += SupervisedMicrobatch(MakeMicrobatch(sequences, responses, stepper.device()), tokens);
  }
  ASSIGN_OR_RETURN(const StepStats stats, stepper.Finish(loss, learning_rate));
  if (stepper.skipped_in_a_row() >= static_cast<uint64_t>(options.max_skipped_steps)) {
    return absl::AbortedError(absl::StrCat(stepper.skipped_in_a_row(),
                                           " supervised steps in a row were not finite; the last had loss ",
                                           stats.loss, " and gradient norm ", stats.grad_norm));
  }
  return stats.loss;
}

double Trainer::Impl::SupervisedMicrobatch(const Microbatch& batch, int64_t tokens) {
  double total = 0.0;
  ForwardBackward(*model, batch, ForwardOptions{}, [&](int64_t, const TokenScores& scores_R) {
    const torch::Tensor loss = CrossEntropy(scores_R.logprobs_K, tokens);
    total += loss.item<double>();
    return loss;
  });
  return total;
}

absl::Status Trainer::Impl::BeginReinforcement() {
  stepper.adamw().Reset();
  stepper.set_skipped_in_a_row(0);
  optimizer_steps = 0;
  if (options.loss.kl_coefficient <= 0.0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const model::WeightSet weights, model->Export());
  ASSIGN_OR_RETURN(reference, NewReference(*model));
  return reference->Import(weights);
}

// Rank 0's state to all. The shapes are the same everywhere: every rank has the same model.
absl::Status Trainer::Impl::ShareState() {
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

Trainer::Trainer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Trainer::~Trainer() = default;

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(const TrainerOptions& options,
                                                         std::unique_ptr<model::Transformer> model,
                                                         Collectives* collectives) {
  RETURN_IF_ERROR(options.Validate());
  for (const auto& [name, weight] : model->weights()) {
    if (weight.requires_grad() && weight.scalar_type() == at::kFloat) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("weight ", name, " is not a float32 master copy: the trainer needs a trainable model"));
  }
  auto impl = std::make_unique<Impl>(options, std::move(model), collectives);
  RETURN_IF_ERROR(Annotate(impl->ShareState(), "sharing the initial weights"));
  return std::unique_ptr<Trainer>(new Trainer(std::move(impl)));
}

absl::StatusOr<UpdateStats> Trainer::Update(const std::vector<v1::Group>& groups, uint64_t rollout,
                                            uint64_t version) {
  RETURN_IF_ERROR(impl_->CheckGroups(groups));
  if (impl_->options.loss.kl_coefficient > 0.0 && impl_->reference == nullptr) {
    return absl::FailedPreconditionError(
        "the KL term has no reference policy: call BeginReinforcement first");
  }
  if (impl_->collectives->size() > 1) {
    v1::RankCommand command;
    command.mutable_update()->set_rollout(rollout);
    command.mutable_update()->set_version(version);
    for (const v1::Group& group : groups) *command.mutable_update()->add_groups() = group;
    RETURN_IF_ERROR(impl_->Announce(command));
  }
  return impl_->Update(groups, rollout, version);
}

absl::StatusOr<double> Trainer::SupervisedStep(const std::vector<SupervisedExample>& examples,
                                               double learning_rate) {
  RETURN_IF_ERROR(impl_->CheckExamples(examples));
  if (!std::isfinite(learning_rate) || learning_rate < 0.0) {
    return absl::InvalidArgumentError(
        absl::StrCat("learning rate ", learning_rate, "; it must be 0 or more"));
  }
  if (impl_->collectives->size() > 1) {
    v1::RankCommand command;
    command.mutable_supervised_step()->set_learning_rate(learning_rate);
    for (const SupervisedExample& example : examples) {
      auto* sent = command.mutable_supervised_step()->add_examples();
      sent->mutable_prompt_token_ids()->Add(example.prompt_token_ids.begin(), example.prompt_token_ids.end());
      sent->mutable_response_token_ids()->Add(example.response_token_ids.begin(),
                                              example.response_token_ids.end());
    }
    RETURN_IF_ERROR(impl_->Announce(command));
  }
  return impl_->SupervisedStep(examples, learning_rate);
}

absl::Status Trainer::BeginReinforcement() {
  v1::RankCommand command;
  command.mutable_begin_reinforcement();
  RETURN_IF_ERROR(impl_->Announce(command));
  return impl_->BeginReinforcement();
}

absl::Status Trainer::KeepAlive() {
  v1::RankCommand command;
  command.mutable_keep_alive();
  return impl_->Announce(command);
}

absl::Status Trainer::StopFollowers(FollowEnd how) {
  v1::RankCommand command;
  if (how == FollowEnd::kDone) {
    command.mutable_finished();
  } else {
    command.mutable_stop();
  }
  return impl_->Announce(command);
}

absl::StatusOr<bool> Trainer::Execute(const v1::RankCommand& command) {
  switch (command.command_case()) {
    case v1::RankCommand::kKeepAlive:
      return true;
    case v1::RankCommand::kStop:
    case v1::RankCommand::kFinished:
      return false;
    case v1::RankCommand::kUpdate: {
      const std::vector<v1::Group> groups(command.update().groups().begin(), command.update().groups().end());
      RETURN_IF_ERROR(impl_->Update(groups, command.update().rollout(), command.update().version()).status());
      return true;
    }
    case v1::RankCommand::kSupervisedStep: {
      std::vector<SupervisedExample> examples;
      for (const auto& sent : command.supervised_step().examples()) {
        examples.push_back({{sent.prompt_token_ids().begin(), sent.prompt_token_ids().end()},
                            {sent.response_token_ids().begin(), sent.response_token_ids().end()}});
      }
      RETURN_IF_ERROR(impl_->SupervisedStep(examples, command.supervised_step().learning_rate()).status());
      return true;
    }
    case v1::RankCommand::kBeginReinforcement:
      RETURN_IF_ERROR(impl_->BeginReinforcement());
      return true;
    case v1::RankCommand::kReceiveState:
      RETURN_IF_ERROR(impl_->ShareState());
      return true;
    case v1::RankCommand::COMMAND_NOT_SET:
      break;
  }
  return absl::DataLossError(
      "rank 0 sent a command that this build does not know: are all ranks of one build?");
}

TrainerState Trainer::State() const {
  TrainerState state;
  state.counters = {impl_->optimizer_steps, impl_->stepper.adamw().steps(),
                    impl_->stepper.skipped_in_a_row()};
  size_t i = 0;
  for (const auto& [name, weight] : impl_->model->weights()) {
    state.weights[name] = weight.detach();
    state.first_moments[name] = impl_->stepper.adamw().first_moments()[i];
    state.second_moments[name] = impl_->stepper.adamw().second_moments()[i];
    ++i;
  }
  if (impl_->reference != nullptr) {
    for (const auto& [name, weight] : impl_->reference->weights()) state.reference[name] = weight;
  }
  return state;
}

absl::Status Trainer::Restore(const TrainerState& given) {
  TrainerState state = given;
  TrainerState own = State();
  own.reference.clear();
  std::unique_ptr<model::Transformer> reference;
  if (impl_->options.loss.kl_coefficient <= 0.0) {
    state.reference.clear();  // the KL term was turned off: nothing looks at it any more
  } else if (state.reference.empty()) {
    return absl::InvalidArgumentError(
        "loss.kl_coefficient is above 0, but the state has no reference policy: a KL term must be "
        "there from the start of the run");
  } else {
    ASSIGN_OR_RETURN(reference, NewReference(*impl_->model));
    own.reference = {reference->weights().begin(), reference->weights().end()};
  }
  RETURN_IF_ERROR(CopyState(state, &own));
  impl_->reference = std::move(reference);
  impl_->optimizer_steps = state.counters.optimizer_steps;
  impl_->stepper.adamw().set_steps(state.counters.adamw_steps);
  impl_->stepper.set_skipped_in_a_row(state.counters.skipped_in_a_row);
  if (impl_->collectives->size() == 1) return absl::OkStatus();
  v1::RankCommand command;
  command.mutable_receive_state();
  RETURN_IF_ERROR(impl_->Announce(command));
  return impl_->ShareState();
}

model::Transformer& Trainer::model() { return *impl_->model; }
const model::Transformer& Trainer::model() const { return *impl_->model; }
group::GroupLimits Trainer::group_limits() const { return impl_->Limits(); }
uint64_t Trainer::optimizer_steps() const { return impl_->optimizer_steps; }

}  // namespace drover::learner
