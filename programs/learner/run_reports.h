// The files that a run leaves while it goes on: metrics.jsonl, samples.jsonl, evaluations.jsonl; summary and curve at
// its end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/group.pb.h"
#include "services/run/interval.h"
#include "services/run/run_folder.h"
#include "services/run/step_report.h"
#include "services/run/summary.h"

namespace drover::learner_process {

// Held-out accuracy at one weight version.
struct Evaluation {
  uint64_t step = 0;
  uint64_t questions = 0;
  uint64_t correct = 0;
  double response_length = 0;
  double truncated_share = 0;
  double seconds = 0;
  double accuracy() const {
    return questions == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(questions);
  }
  run::Interval interval() const { return run::ShareInterval(accuracy(), static_cast<double>(questions)); }
};

// From greedy groups of one response.
Evaluation Score(uint64_t step, const std::vector<v1::Group>& groups);

// What an earlier incarnation left, up to the checkpoint that the run goes on from.
struct History {
  double seconds = 0;
  uint64_t tokens_generated = 0;
  std::vector<double> rewards;  // a step's mean training reward each
  std::vector<Evaluation> evaluations;
  std::vector<std::string> notices;  // what a person should be told of the files
};

// Not thread-safe.
class RunReports {
 public:
  explicit RunReports(run::RunFolder folder) : folder_(std::move(folder)) {}

  // Removes what is after `step` (it will be done again) and what is no whole line, and reads what stays.
  absl::StatusOr<History> GoBackTo(uint64_t step);

  absl::Status Append(const run::StepReport& report);
  // At most `limit` groups, with their advantages [group][response].
  absl::Status Append(uint64_t step, uint64_t version, const std::vector<v1::Group>& groups,
                      const std::vector<std::vector<double>>& advantages, size_t limit);
  absl::Status Append(const Evaluation& evaluation);

  // How long the run has gone on, all its parts together: History::seconds of the next start.
  absl::Status WriteClock(double seconds) const;

  absl::Status WriteSummary(const run::Summary& summary) const;
  absl::Status WriteCurve(const std::string& title, const History& history) const;

 private:
  double ReadClock() const;  // 0 without one

  run::RunFolder folder_;
};

}  // namespace drover::learner_process
