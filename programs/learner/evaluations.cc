#include "programs/learner/evaluations.h"

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"

namespace drover::learner_process {

// A run that has none yet owes one, too, and so does a start after a stop that cut one short.
std::deque<Evaluations::Round> Evaluations::DueAt(uint64_t version) const {
  const v1::EvaluationSettings& settings = parts_.recipe.evaluation();
  const auto due = [&](uint32_t every, const std::optional<uint64_t>& newest) {
    if (!newest.has_value() && !version_.has_value()) return true;
    const bool now = version == parts_.recipe.run().steps() || (every > 0 && version % every == 0);
    return now && newest != version;
  };
  std::optional<uint64_t> newest;
  if (!history_.evaluations.empty()) newest = history_.evaluations.back().step;
  std::deque<Round> rounds;
  if (!parts_.heldout.prompts.empty() && due(settings.every(), newest)) rounds.push_back(Round::kHeldout);
  if (!parts_.suite.prompts.empty() && due(settings.suite().every(), history_.benchmarks_step)) {
    rounds.push_back(Round::kSuite);
  }
  return rounds;
}

absl::Status Evaluations::Begin(uint64_t version) {
  rounds_ = DueAt(version);
  if (rounds_.empty()) return absl::OkStatus();
  version_ = version;
  parts_.keep_weights(true);
  return BeginRound();
}

absl::Status Evaluations::BeginRound() {
  begun_ = parts_.now();
  parts_.metrics->SetEvaluationPending(questions());
  const bool heldout = rounds_.front() == Round::kHeldout;
  return parts_.store->BeginEvaluation(
      heldout ? parts_.heldout.plan(*version_) : parts_.suite.plan(*version_),
      heldout ? parts_.heldout.prompts : parts_.suite.prompts);
}

uint64_t Evaluations::questions() const {
  if (rounds_.empty()) return 0;
  return rounds_.front() == Round::kHeldout ? parts_.heldout.prompts.size() : parts_.suite.prompts.size();
}

absl::Status Evaluations::Look(absl::Duration timeout) {
  if (!version_.has_value()) return absl::OkStatus();
  const absl::StatusOr<std::vector<v1::Group>> groups = parts_.store->WaitForEvaluation(timeout);
  if (absl::IsDeadlineExceeded(groups.status())) {
    parts_.metrics->SetEvaluationPending(questions() - parts_.progress->GetProgress().evaluation_done);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(groups.status());
  RETURN_IF_ERROR(Record(*groups));
  rounds_.pop_front();
  if (!rounds_.empty()) return BeginRound();
  End();
  return absl::OkStatus();
}

absl::Status Evaluations::Record(const std::vector<v1::Group>& groups) {
  return rounds_.front() == Round::kHeldout ? RecordHeldout(groups) : RecordSuite(groups);
}

absl::Status Evaluations::RecordHeldout(const std::vector<v1::Group>& groups) {
  Evaluation evaluation = Score(*version_, groups);
  evaluation.seconds = Seconds();
  history_.evaluations.push_back(evaluation);
  parts_.metrics->Evaluated(evaluation.accuracy());
  Show();
  log::Info(
      "evaluated",
      {{"step", evaluation.step}, {"accuracy", evaluation.accuracy()}, {"questions", evaluation.questions}});
  return parts_.reports->Append(evaluation);
}

absl::Status Evaluations::RecordSuite(const std::vector<v1::Group>& groups) {
  RETURN_IF_ERROR(parts_.reports->AppendBenchmarks(*version_, Seconds(), parts_.suite.report(groups)));
  history_.benchmarks_step = *version_;
  log::Info("benchmarks evaluated", {{"step", *version_}, {"questions", groups.size()}});
  return absl::OkStatus();
}

void Evaluations::End() {
  version_.reset();
  rounds_.clear();
  parts_.keep_weights(false);
  parts_.metrics->SetEvaluationPending(0);
}

void Evaluations::GiveUp(uint64_t version, const std::string& reason) {
  if (!version_.has_value()) return;
  const uint64_t given_up = *version_;
  End();
  if (given_up >= version) return;
  parts_.metrics->EvaluationGivenUp();
  parts_.status->Tell(absl::StrCat("the evaluation of rollout ", given_up, " was not done when ", reason,
                                   ", and is left out: its weights are not the newest any more"));
}

void Evaluations::Show() const {
  const Evaluation& newest = history_.evaluations.back();
  parts_.status->Update([&](v1::RunState& state) {
    state.set_heldout_accuracy(newest.accuracy());
    state.set_heldout_questions(newest.questions);
    state.set_heldout_step(newest.step);
  });
}

}  // namespace drover::learner_process
