#include "learner/trainer.h"

#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "group/check.h"
#include "learner/rank_commands.h"
#include "learner/replica.h"
#include "learner/supervised_step.h"
#include "learner/update.h"
#include "model/large_tensors.h"

namespace drover::learner {
namespace {

// Followers are at most the end of the last command behind.
constexpr absl::Duration kAnnounceTimeout = absl::Minutes(10);

absl::Status CheckGroups(const std::vector<v1::Group>& groups, const group::GroupLimits& limits) {
  if (groups.empty()) return absl::InvalidArgumentError("a rollout without groups; at least 1 is needed");
  for (const v1::Group& group : groups) {
    RETURN_IF_ERROR(Annotate(group::CheckGroup(group, limits),
                             ToStd(absl::StrCat("group ", group.group(), " (lease ", group.lease(), ")"))));
  }
  return absl::OkStatus();
}

ExampleLimits ExampleLimitsOf(const model::Transformer& model) {
  return {.vocab_size = model.config().vocab_size, .max_positions = model.config().max_positions};
}

absl::Status CheckShareable(const TrainerOptions& trainer, const model::TransformerOptions& options) {
  if (trainer.loss.value_coefficient > 0.0) {
    return absl::FailedPreconditionError(
        "learner.sharding: WEIGHTS with a value head (advantage.baseline VALUE): it is of no layer, in front "
        "of which its weights would be gathered; NONE, OPTIMIZER and GRADIENTS go with it");
  }
  if (options.lora) {
    return absl::FailedPreconditionError(
        "learner.sharding: WEIGHTS of a model with adapters: its frozen weights are no part of the state");
  }
  if (options.recompute_layers) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "learner.sharding: WEIGHTS needs a model that computes its layers again (recompute_layers): a layer's "
      "weights are gone behind its forward pass");
}

// Rank 0 tells the others what follows. Nothing to do for one that is alone.
absl::Status Announce(const v1::RankCommand& command, Collectives& collectives) {
  if (collectives.size() == 1) return absl::OkStatus();
  if (collectives.rank() != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("rank ", collectives.rank(), " must be in FollowLeader: only rank 0 says what is next"));
  }
  if (command.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a command of ", command.ByteSizeLong(), " bytes is too large for one message (2 GiB)"));
  }
  std::string bytes = command.SerializeAsString();
  return collectives.Broadcast(&bytes, kAnnounceTimeout);
}

}  // namespace

Trainer::Trainer(std::unique_ptr<Replica> replica) : replica_(std::move(replica)) {}
Trainer::~Trainer() = default;

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(const TrainerOptions& options,
                                                         std::unique_ptr<model::Transformer> model,
                                                         Collectives* collectives) {
  RETURN_IF_ERROR(options.Validate());
  for (const auto& [name, weight] : model->versioned()) {
    if (weight.requires_grad() && weight.scalar_type() == at::kFloat) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("weight ", name, " is not a float32 master copy: the trainer needs a trainable model"));
  }
  if (options.sharding.sharding == Sharding::kWeights && collectives->size() > 1) {
    RETURN_IF_ERROR(CheckShareable(options, model->options()));
  }
  auto replica = std::make_unique<Replica>(options, std::move(model), collectives);
  RETURN_IF_ERROR(Annotate(replica->ShareBase(), "sharing the frozen weights"));
  RETURN_IF_ERROR(Annotate(replica->ShareState(nullptr), "sharing the initial weights"));
  if (replica->adapts()) {
    ASSIGN_OR_RETURN(replica->base_digest, replica->model->BaseDigest());
  }
  return std::unique_ptr<Trainer>(new Trainer(std::move(replica)));
}

absl::StatusOr<CommandResult> Trainer::Lead(v1::RankCommand command) {
  RETURN_IF_ERROR(Announce(command, *replica_->collectives));
  return Execute(std::move(command));
}

absl::StatusOr<CommandResult> Trainer::Execute(v1::RankCommand command) {
  CommandResult result;
  switch (command.command_case()) {
    case v1::RankCommand::kKeepAlive:
      return result;
    case v1::RankCommand::kStop:
      result.end = FollowEnd::kStopped;
      return result;
    case v1::RankCommand::kFinished:
      result.end = FollowEnd::kDone;
      return result;
    case v1::RankCommand::kUpdate: {
      const UpdateContext context{replica_->options,         replica_->loss,
                                  *replica_->model,          replica_->reference.get(),
                                  replica_->stepper,         *replica_->collectives,
                                  replica_->optimizer_steps, command.update().rate_scale(),
                                  replica_->value_head.get()};
      const std::vector<v1::Group> groups = TakeGroups(command.mutable_update());
      RolloutUpdate update(context, groups, command.update().rollout(), command.update().version());
      ASSIGN_OR_RETURN(result.update, update.Run());
      // What follows needs memory that is no step's: a version, a checkpoint's copy.
      model::GiveKeptTensorsBack();
      return result;
    }
    case v1::RankCommand::kSupervisedStep: {
      const auto& step = command.supervised_step();
      ASSIGN_OR_RETURN(result.supervised,
                       learner::SupervisedStep(*replica_, Examples(step), OptionsOf(step)));
      return result;
    }
    case v1::RankCommand::kBeginReinforcement:
      RETURN_IF_ERROR(replica_->BeginReinforcement());
      return result;
    case v1::RankCommand::kReceiveState:
      RETURN_IF_ERROR(replica_->ShareState(/*restored=*/nullptr));
      return result;
    case v1::RankCommand::kSaveShards:
      model::GiveKeptTensorsBack();
      RETURN_IF_ERROR(replica_->SaveShard());
      return result;
    case v1::RankCommand::kExportWeights: {
      ASSIGN_OR_RETURN(result.weights, replica_->ExportWeights());
      return result;
    }
    case v1::RankCommand::kLendWeights:
      RETURN_IF_ERROR(replica_->stepper.BeginForwards(0));
      RETURN_IF_ERROR(replica_->stepper.EndForwards(replica_->options.progress));
      return result;
    case v1::RankCommand::COMMAND_NOT_SET:
      break;
  }
  return absl::DataLossError(
      "rank 0 sent a command that this build does not know: are all ranks of one build?");
}

absl::StatusOr<UpdateStats> Trainer::Update(const std::vector<v1::Group>& groups, uint64_t rollout,
                                            uint64_t version, double rate_scale) {
  RETURN_IF_ERROR(CheckGroups(groups, group_limits()));
  LossNeeds needs = replica_->loss.needs();
  needs.reference = replica_->needs_reference();
  RETURN_IF_ERROR(CheckNeeds(needs, replica_->reference.get(), replica_->value_head.get()));
  ASSIGN_OR_RETURN(CommandResult result, Lead(UpdateCommand(groups, rollout, version, rate_scale)));
  return std::move(result.update);
}

absl::StatusOr<StepStats> Trainer::SupervisedStep(const std::vector<SupervisedExample>& examples,
                                                  const SupervisedOptions& options) {
  RETURN_IF_ERROR(CheckExamples(examples, ExampleLimitsOf(model())));
  if (!std::isfinite(options.learning_rate) || options.learning_rate < 0.0) {
    return absl::InvalidArgumentError(
        absl::StrCat("learning rate ", options.learning_rate, "; it must be 0 or more"));
  }
  ASSIGN_OR_RETURN(const CommandResult result, Lead(SupervisedCommand(examples, options)));
  return result.supervised;
}

absl::StatusOr<SupervisedLoss> Trainer::MeasureSupervised(const std::vector<SupervisedExample>& examples,
                                                          int64_t microbatch_tokens) {
  RETURN_IF_ERROR(CheckExamples(examples, ExampleLimitsOf(model())));
  if (shares_weights()) {
    v1::RankCommand command;
    command.mutable_lend_weights();
    RETURN_IF_ERROR(Announce(command, *replica_->collectives));
  }
  return learner::MeasureSupervised(*replica_, examples, microbatch_tokens);
}

absl::StatusOr<model::WeightSet> Trainer::ExportWeights() {
  if (!shares_weights()) return replica_->ExportWeights();
  v1::RankCommand command;
  command.mutable_export_weights();
  ASSIGN_OR_RETURN(CommandResult result, Lead(std::move(command)));
  return std::move(result.weights);
}

absl::Status Trainer::BeginReinforcement() {
  v1::RankCommand command;
  command.mutable_begin_reinforcement();
  return Lead(std::move(command)).status();
}

absl::StatusOr<std::shared_ptr<ShardGathering>> Trainer::SaveShards() {
  if (replica_->stepper.shards().ranks() == 1) return nullptr;
  v1::RankCommand command;
  command.mutable_save_shards();
  RETURN_IF_ERROR(Lead(std::move(command)).status());
  return std::make_shared<ShardGathering>(replica_->saves, replica_->collectives);
}

absl::Status Trainer::KeepAlive() {
  v1::RankCommand command;
  command.mutable_keep_alive();
  return Lead(std::move(command)).status();
}

absl::Status Trainer::StopFollowers(FollowEnd how) {
  v1::RankCommand command;
  if (how == FollowEnd::kDone) {
    command.mutable_finished();
  } else {
    command.mutable_stop();
  }
  return Lead(std::move(command)).status();
}

TrainerState Trainer::State() const { return replica_->State(); }

absl::Status Trainer::Restore(const TrainerState& state) {
  RETURN_IF_ERROR(replica_->Restore(state));
  v1::RankCommand command;
  command.mutable_receive_state();
  RETURN_IF_ERROR(Announce(command, *replica_->collectives));
  return replica_->ShareState(&state);
}

bool Trainer::shares_weights() const { return replica_->stepper.weights() != nullptr; }
model::Transformer& Trainer::model() { return *replica_->model; }
const model::Transformer& Trainer::model() const { return *replica_->model; }
const std::string& Trainer::base_digest() const { return replica_->base_digest; }
uint64_t Trainer::optimizer_steps() const { return replica_->optimizer_steps; }

group::GroupLimits Trainer::group_limits() const {
  group::GroupLimits limits = replica_->options.groups;
  limits.vocab_size = model().config().vocab_size;
  limits.max_positions = model().config().max_positions;
  limits.max_response_tokens = replica_->options.loss.budget;
  // With a correction the weight of the actor's policy is a token's own, so it may be of any version.
  limits.allow_mixed_versions = replica_->options.old_logprobs == OldLogprobs::kActor ||
                                replica_->options.loss.correction.kind != CorrectionKind::kNone;
  return limits;
}

}  // namespace drover::learner
