// Rank 0 of a supervised run: reads its files and runs the loop over the trainer of all ranks.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drover/v1/recipe.pb.h"
#include "learner/trainer.h"
#include "programs/learner/run_end.h"
#include "programs/process/readiness.h"
#include "services/metrics/learner_metrics.h"
#include "services/run/retention.h"
#include "services/run/run_folder.h"

namespace drover::learner_process {

// What a supervised run has of its process. Everything that is pointed to outlives the run.
struct SupervisedProcess {
  metrics::LearnerMetrics* metrics = nullptr;
  process::Readiness* readiness = nullptr;
  std::function<bool()> stop;
  std::function<void(absl::Duration work)> beat;
  absl::Time started;
  run::Retention retention;  // of checkpoints
};

// As SupervisedLoop::Run; `folder` has the model's small files. Errors of the data are bad input.
absl::StatusOr<RunEnd> LeadSupervised(const v1::Recipe& recipe, const run::RunFolder& folder,
                                      const SupervisedProcess& process, learner::Trainer& trainer);

}  // namespace drover::learner_process
