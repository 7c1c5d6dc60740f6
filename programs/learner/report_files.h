// RunReports in the run folder: recipe.textproto, metrics.jsonl, samples.jsonl, evaluations.jsonl, benchmarks.jsonl, guards.jsonl, TensorBoard's
// events and the clock while the run goes on, summary and curve at its end.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/tokenizer.h"
#include "programs/learner/run_parts.h"
#include "services/run/event_file.h"
#include "services/run/run_folder.h"

namespace drover::learner_process {

// Not thread-safe.
class ReportFiles final : public RunReports {
 public:
  // `tokenizer` outlives it; without one samples do not say which token is which.
  explicit ReportFiles(run::RunFolder folder, const model::Tokenizer* tokenizer = nullptr)
      : folder_(std::move(folder)), tokenizer_(tokenizer), events_(folder_.tensorboard(), folder_.files()) {}

  // The summary is removed too: it is of a run that was done and is given more steps.
  absl::StatusOr<History> GoBackTo(uint64_t step) override;
  absl::Status KeepRecipe(const v1::Recipe& recipe) override;
  absl::Status Append(const run::StepReport& report) override;
  absl::Status Append(uint64_t step, uint64_t version, const std::vector<v1::Group>& groups,
                      const std::vector<std::vector<double>>& advantages, size_t limit) override;
  absl::Status Append(const Evaluation& evaluation) override;
  absl::Status Append(const GuardEvent& event) override;
  absl::Status AppendBenchmarks(uint64_t step, double seconds, const SuiteReport& report) override;
  absl::StatusOr<uint64_t> FreeBytes() const override;
  absl::Status WriteClock(double seconds) override;
  absl::Status WriteSummary(const run::Summary& summary) override;
  absl::Status WriteCurve(const std::string& title, const History& history) override;

 private:
  double ReadClock() const;  // 0 without one
  // What holds of guards.jsonl at `step`; the file is left with that.
  absl::StatusOr<std::vector<GuardEvent>> GuardEventsUpTo(uint64_t step);

  const run::RunFolder folder_;
  const model::Tokenizer* const tokenizer_;
  run::EventFile events_;
};

}  // namespace drover::learner_process
