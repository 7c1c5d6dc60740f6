#include "programs/learner/supervised_loop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "learner/schedule.h"

namespace drover::learner_process {
namespace {

using Json = nlohmann::ordered_json;
using metrics::Activity;

constexpr absl::Duration kSaving = absl::Hours(1);     // of a large checkpoint on a slow disk
constexpr absl::Duration kWriting = absl::Seconds(1);  // while a checkpoint is written
constexpr size_t kEvaluatedAtOnce = 64;                // examples; a stop is seen in between
constexpr size_t kEnds = 5;  // steps that the summary's first and last loss are means of

double MeanOf(const std::vector<double>& values, size_t begin, size_t end) {
  double sum = 0;
  for (size_t i = begin; i < end; ++i) sum += values[i];
  return sum / static_cast<double>(end - begin);
}

// What the files gave, for a resume to be held to.
Json DataJson(const data::SupervisedData& data, const data::SupervisedPlan& plan) {
  return {{"train_digest", data.train.Digest()},
          {"heldout_digest", data.heldout.Digest()},
          {"records", data.records},
          {"blank", data.blank},
          {"too_long", data.too_long},
          {"examples", data.train.size()},
          {"tokens", data.train.tokens()},
          {"learned_tokens", data.train.learned_tokens()},
          {"heldout_examples", data.heldout.size()},
          {"heldout_tokens", data.heldout.learned_tokens()},
          {"steps", plan.steps()}};
}

Json LossJson(const std::optional<HeldoutLoss>& evaluation) {
  return evaluation ? Json(evaluation->loss.mean()) : Json(nullptr);
}

}  // namespace

Json ToJson(const SupervisedReport& r) {
  return {{"step", r.step},
          {"steps", r.steps},
          {"epoch", r.epoch},
          {"loss", r.loss},
          {"grad_norm", r.grad_norm},
          {"learning_rate", r.learning_rate},
          {"skipped_steps", r.skipped ? 1 : 0},
          {"examples", r.examples},
          {"tokens", r.tokens},
          {"learned_tokens", r.learned_tokens},
          {"tokens_seen", r.tokens_seen},
          {"tokens_per_second", r.tokens_per_second},
          {"train_seconds", r.train_seconds},
          {"seconds", r.seconds}};
}

Json ToJson(const HeldoutLoss& e) {
  return {{"step", e.step},
          {"heldout_loss", e.loss.mean()},
          {"perplexity", std::exp(e.loss.mean())},
          {"heldout_nats", e.loss.nats},
          {"heldout_tokens", e.loss.tokens},
          {"seconds", e.seconds}};
}

learner::SupervisedExample ExampleOf(const data::SupervisedSet& set, uint64_t i) {
  const auto ids = set.ids(i);
  const auto learned = set.learned(i);
  const auto first = std::find(learned.begin(), learned.end(), 1) - learned.begin();
  learner::SupervisedExample example;
  example.prompt_token_ids.assign(ids.begin(), ids.begin() + first);
  example.response_token_ids.assign(ids.begin() + first, ids.end());
  // What follows the last learned token has no part in the loss, nor in what comes before it.
  const auto last = std::find(learned.rbegin(), learned.rend(), 1).base() - learned.begin();
  example.response_token_ids.resize(static_cast<size_t>(last - first));
  if (std::find(learned.begin() + first, learned.begin() + last, 0) != learned.begin() + last) {
    example.learned.assign(learned.begin() + first, learned.begin() + last);
  }
  return example;
}

SupervisedLoop::SupervisedLoop(SupervisedParts parts)
    : parts_(std::move(parts)),
      plan_(parts_.recipe.sft(), parts_.recipe.run().seed(), parts_.data->train.size(),
            [this](uint64_t i) { return parts_.data->train.length(i); }) {}

absl::StatusOr<RunEnd> SupervisedLoop::Run() {
  RETURN_IF_ERROR(Begin());
  absl::Status status = Evaluate();
  while (status.ok() && step_ < plan_.steps()) {
    if (parts_.stop()) return Stop();
    status = Step();
    if (status.ok()) status = Evaluate();
    const bool due = step_ % parts_.recipe.run().checkpoint_every() == 0 && step_ < plan_.steps();
    if (status.ok() && due) status = TryCheckpoint();
  }
  if (absl::IsCancelled(status) && parts_.stop()) return Stop();
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(Finish());
  return RunEnd::kDone;
}

absl::Status SupervisedLoop::Begin() {
  parts_.beat(kSaving);
  RETURN_IF_ERROR(HoldData());
  ResumePoint point;
  if (parts_.checkpoints->Any()) {
    ASSIGN_OR_RETURN(point, parts_.checkpoints->Restore());
    step_ = checkpointed_ = point.place.step;
    log::Info("resumed", {{"checkpoint", point.place.path}, {"step", step_}});
  }
  for (const DamagedCheckpoint& damaged : point.passed_over) {
    RETURN_IF_ERROR(parts_.checkpoints->SetAside(damaged.place.step));
  }
  ASSIGN_OR_RETURN(history_, parts_.reports->GoBackTo(step_));
  RETURN_IF_ERROR(parts_.reports->KeepRecipe(parts_.recipe));
  parts_.readiness->Set(absl::OkStatus());
  return absl::OkStatus();
}

absl::Status SupervisedLoop::HoldData() {
  const Json now = DataJson(*parts_.data, plan_);
  ASSIGN_OR_RETURN(const std::optional<Json> before, parts_.reports->ReadData());
  if (!before || !parts_.checkpoints->Any()) return parts_.reports->WriteData(now);
  for (const char* part : {"train_digest", "heldout_digest", "steps"}) {
    if (before->value(part, Json()) == now.at(part)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("sft.train: the files give other data than when the run began (", part, " is ",
                     now.at(part).dump(), ", data.json says ", before->value(part, Json()).dump(),
                     "): the run cannot go on where it was; put the files back as they were, or begin a new "
                     "run from the newest "
                     "checkpoint as model.path"));
  }
  return absl::OkStatus();
}

absl::Status SupervisedLoop::Step() {
  const absl::Time start = parts_.now();
  parts_.metrics->Entered(v1::RUN_PHASE_TRAINING);
  std::vector<learner::SupervisedExample> examples;
  for (const uint64_t i : plan_.Examples(step_)) examples.push_back(ExampleOf(parts_.data->train, i));
  const v1::SupervisedSettings& sft = parts_.recipe.sft();
  const double rate = learner::SupervisedLearningRate(sft, step_, plan_.steps());
  ASSIGN_OR_RETURN(const learner::StepStats stats,
                   parts_.trainer->Step(
                       examples, {.learning_rate = rate,
                                  .mean_over = sft.mean_over() == v1::EXAMPLES ? learner::MeanOver::kExamples
                                                                               : learner::MeanOver::kTokens,
                                  .microbatch_tokens = sft.microbatch_tokens()}));
  ++step_;
  const double seconds = Since(start);
  parts_.metrics->Spent(Activity::kTraining, seconds);
  parts_.beat(absl::ZeroDuration());
  return Report(examples, stats, rate, seconds);
}

absl::Status SupervisedLoop::Report(const std::vector<learner::SupervisedExample>& examples,
                                    const learner::StepStats& stats, double learning_rate,
                                    double train_seconds) {
  SupervisedReport report;
  report.step = step_;
  report.steps = plan_.steps();
  report.epoch =
      static_cast<double>(plan_.ExamplesBefore(step_)) / static_cast<double>(parts_.data->train.size());
  report.loss = stats.loss;
  report.grad_norm = stats.grad_norm;
  report.learning_rate = learning_rate;
  report.skipped = stats.skipped;
  report.examples = examples.size();
  for (const learner::SupervisedExample& example : examples) {
    report.tokens += example.prompt_token_ids.size() + example.response_token_ids.size();
    report.learned_tokens += static_cast<uint64_t>(example.learned_tokens());
  }
  history_.tokens_seen += report.tokens;
  history_.skipped_steps += stats.skipped ? 1 : 0;
  history_.losses.push_back(stats.loss);
  report.tokens_seen = history_.tokens_seen;
  report.train_seconds = train_seconds;
  report.tokens_per_second = static_cast<double>(report.tokens) / std::max(1e-9, train_seconds);
  report.seconds = Seconds();
  run::StepReport exported;  // what of it Prometheus has names for
  exported.loss = report.loss;
  exported.grad_norm = report.grad_norm;
  exported.learning_rate = learning_rate;
  exported.tokens_per_second = report.tokens_per_second;
  exported.optimizer_steps = step_;
  exported.skipped_steps = stats.skipped ? 1 : 0;
  exported.train_seconds = train_seconds;
  exported.rollout.response_tokens = report.learned_tokens;
  parts_.metrics->SteppedSupervised(exported);
  return parts_.reports->Append(report);
}

bool SupervisedLoop::EvaluationDue() const {
  if (parts_.data->heldout.size() == 0) return false;
  if (!history_.evaluations.empty() && history_.evaluations.back().step == step_) return false;
  const uint64_t every = parts_.recipe.sft().evaluate_every();
  return history_.evaluations.empty() || step_ == plan_.steps() || (every > 0 && step_ % every == 0);
}

absl::Status SupervisedLoop::Evaluate() {
  if (!EvaluationDue()) return absl::OkStatus();
  const absl::Time start = parts_.now();
  parts_.metrics->Entered(v1::RUN_PHASE_EVALUATING);
  HeldoutLoss evaluation{.step = step_};
  ASSIGN_OR_RETURN(evaluation.loss, MeasureHeldout());
  evaluation.seconds = Since(start);
  parts_.metrics->Spent(Activity::kEvaluating, evaluation.seconds);
  history_.evaluations.push_back(evaluation);
  log::Info("evaluated", {{"step", step_}, {"heldout_loss", evaluation.loss.mean()}});
  return parts_.reports->Append(evaluation);
}

absl::StatusOr<learner::SupervisedLoss> SupervisedLoop::MeasureHeldout() {
  const data::SupervisedSet& heldout = parts_.data->heldout;
  learner::SupervisedLoss loss;
  for (size_t begin = 0; begin < heldout.size(); begin += kEvaluatedAtOnce) {
    if (parts_.stop()) return absl::CancelledError("the run was asked to stop");
    parts_.beat(absl::ZeroDuration());
    RETURN_IF_ERROR(parts_.trainer->KeepAlive());
    std::vector<learner::SupervisedExample> examples;
    for (size_t i = begin; i < std::min(heldout.size(), begin + kEvaluatedAtOnce); ++i) {
      examples.push_back(ExampleOf(heldout, i));
    }
    ASSIGN_OR_RETURN(const learner::SupervisedLoss part,
                     parts_.trainer->Measure(examples, parts_.recipe.sft().microbatch_tokens()));
    loss.nats += part.nats;
    loss.tokens += part.tokens;
  }
  return loss;
}

absl::Status SupervisedLoop::Checkpoint() {
  const absl::Time start = parts_.now();
  parts_.checkpoints->Begin(step_, History());
  std::optional<SaveOutcome> outcome;
  while (!outcome) {
    parts_.beat(absl::ZeroDuration());
    RETURN_IF_ERROR(parts_.trainer->KeepAlive());
    outcome = parts_.checkpoints->Take(kWriting);
  }
  RETURN_IF_ERROR(outcome->status);
  checkpointed_ = step_;
  parts_.metrics->Checkpointed(outcome->bytes, outcome->seconds);
  parts_.metrics->Spent(Activity::kCheckpointing, Since(start));
  log::Info("checkpoint", {{"step", step_}});
  return absl::OkStatus();
}

absl::Status SupervisedLoop::TryCheckpoint() {
  const absl::Status saved = Checkpoint();
  if (saved.ok() || absl::IsUnavailable(saved) || absl::IsDeadlineExceeded(saved))
    return saved;  // ranks are gone
  parts_.metrics->CheckpointFailed();
  log::Error("a checkpoint could not be written; the run goes on",
             {{"step", step_}, {"reason", std::string(saved.message())}});
  return absl::OkStatus();
}

absl::StatusOr<RunEnd> SupervisedLoop::Stop() {
  parts_.readiness->Drain();
  if (step_ > checkpointed_) RETURN_IF_ERROR(Checkpoint());
  log::Info("stopped in order", {{"step", step_}});
  return RunEnd::kStopped;
}

absl::Status SupervisedLoop::Finish() {
  if (step_ > checkpointed_) RETURN_IF_ERROR(Checkpoint());
  parts_.metrics->Entered(v1::RUN_PHASE_FINISHED);
  std::optional<HeldoutLoss> before, after;
  if (!history_.evaluations.empty()) {
    if (history_.evaluations.front().step == 0) before = history_.evaluations.front();
    if (history_.evaluations.back().step == step_) after = history_.evaluations.back();
  }
  const std::vector<double>& losses = history_.losses;
  const size_t ends = std::min(kEnds, losses.size());
  return parts_.reports->WriteSummary(
      {{"recipe", parts_.recipe.name()},
       {"steps", step_},
       {"seconds", Seconds()},
       {"examples", parts_.data->train.size()},
       {"epochs",
        static_cast<double>(plan_.ExamplesBefore(step_)) / static_cast<double>(parts_.data->train.size())},
       {"tokens_seen", history_.tokens_seen},
       {"skipped_steps", history_.skipped_steps},
       {"loss_first", ends == 0 ? Json(nullptr) : Json(MeanOf(losses, 0, ends))},
       {"loss_last", ends == 0 ? Json(nullptr) : Json(MeanOf(losses, losses.size() - ends, losses.size()))},
       {"heldout_loss_before", LossJson(before)},
       {"heldout_loss_after", LossJson(after)},
       {"heldout_examples", parts_.data->heldout.size()}});
}

}  // namespace drover::learner_process
