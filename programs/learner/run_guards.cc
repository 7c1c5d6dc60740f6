#include "programs/learner/run_guards.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/log.h"
#include "base/status.h"

namespace drover::learner_process {
namespace {

GuardObservation ObservationOf(const run::StepReport& report) {
  return {.step = report.step,
          .entropy = report.entropy,
          .reward = report.rollout.reward,
          .kl = LargerKl(report.kl, report.old_kl),
          .grad_norm = report.grad_norm,
          .identical_share = report.rollout.identical_share()};
}

std::string DoneText(const GuardEvent& event) {
  switch (event.action) {
    case v1::LOWER_RATE:
      return absl::StrFormat("the learning rate is %.3g of learner.learning_rate from here on",
                             event.rate_scale);
    case v1::ROLL_BACK:
      return absl::StrFormat("the run goes back to rollout %d, with %.3g of learner.learning_rate",
                             event.back_to.value_or(0), event.rate_scale);
    case v1::END_RUN:
      return "the run ends";
    default:
      return "a warning";
  }
}

}  // namespace

RunGuards::RunGuards(const RunParts& parts)
    : parts_(parts), guards_(parts.recipe.guards()), office_(parts.recipe.guards(), {}) {}

void RunGuards::GoOnFrom(const History& history) {
  const v1::GuardSettings& settings = parts_.recipe.guards();
  guards_ = ReplayGuards(settings, history.rollouts, history.guard_events);
  office_ = GuardOffice(settings, history.guard_events);
  parts_.metrics->SetRateScale(office_.rate_scale());
}

absl::StatusOr<std::optional<GuardCall>> RunGuards::Watch(const run::StepReport& report) {
  const std::optional<GuardAlarm> alarm = guards_.Observe(ObservationOf(report));
  if (!alarm) return std::optional<GuardCall>();
  ASSIGN_OR_RETURN(const std::vector<uint64_t> checkpoints, parts_.checkpoints->Steps());
  GuardCall call{.event = office_.Decide(*alarm, checkpoints), .text = AlarmText(*alarm)};
  if (alarm->action == v1::ROLL_BACK && call.event.action == v1::END_RUN) {
    absl::StrAppend(&call.text, " (no checkpoint from before it is kept, or guards.max_rollbacks are done)");
  }
  if (call.event.action != v1::ROLL_BACK) RETURN_IF_ERROR(Record(call));
  return std::optional<GuardCall>(std::move(call));
}

absl::Status RunGuards::Record(const GuardCall& call) {
  RETURN_IF_ERROR(parts_.reports->Append(call.event));
  office_.Record(call.event);
  parts_.metrics->Guarded(GuardName(call.event.kind), call.event.action);
  parts_.metrics->SetRateScale(office_.rate_scale());
  parts_.status->Tell(absl::StrCat(call.text, ": ", DoneText(call.event)));
  return absl::OkStatus();
}

}  // namespace drover::learner_process
