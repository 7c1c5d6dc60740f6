// Keeps a View current: the run's metrics file and the learner's RunService.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "drover/v1/run.grpc.pb.h"
#include "programs/drover/display.h"
#include "programs/drover/metrics_tail.h"
#include "services/run/run_folder.h"

namespace drover::cli {

// Not thread-safe.
class RunView {
 public:
  // `supervised`: there is no RunService, and the held-out losses are read from evaluations.jsonl.
  RunView(const run::RunFolder& folder, std::string recipe, bool supervised = false);

  // Reads what is new; asks the learner for its state when `learner_port` is known (0: not yet), at most for half a
  // second. Returns the new lines of metrics.jsonl.
  std::vector<nlohmann::ordered_json> Refresh(int learner_port);

  // What the learner wants a person to know, since the last call.
  std::vector<std::string> TakeNotices();

  const View& view() const { return view_; }

 private:
  void AskLearner(int port);

  MetricsTail tail_;
  MetricsTail evaluations_;
  View view_;
  absl::Time start_;
  int port_ = 0;
  int notices_taken_ = 0;
  std::unique_ptr<v1::RunService::Stub> stub_;
};

}  // namespace drover::cli
