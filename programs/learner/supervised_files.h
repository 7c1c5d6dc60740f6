// SupervisedReports in the run folder: recipe.textproto, metrics.jsonl, evaluations.jsonl, TensorBoard's events, data.json, and the summary at
// the end.
#pragma once

#include <utility>

#include "programs/learner/supervised_loop.h"
#include "services/run/event_file.h"
#include "services/run/run_folder.h"

namespace drover::learner_process {

// Not thread-safe.
class SupervisedFiles final : public SupervisedReports {
 public:
  explicit SupervisedFiles(run::RunFolder folder)
      : folder_(std::move(folder)), events_(folder_.tensorboard(), folder_.files()) {}

  absl::StatusOr<SupervisedHistory> GoBackTo(uint64_t step) override;
  absl::Status KeepRecipe(const v1::Recipe& recipe) override;
  absl::Status Append(const SupervisedReport& report) override;
  absl::Status Append(const HeldoutLoss& evaluation) override;
  absl::StatusOr<std::optional<nlohmann::ordered_json>> ReadData() override;
  absl::Status WriteData(const nlohmann::ordered_json& data) override;
  absl::Status WriteSummary(const nlohmann::ordered_json& summary) override;

 private:
  const run::RunFolder folder_;
  run::EventFile events_;
};

}  // namespace drover::learner_process
