// One supervised step, rank by rank: what Trainer::SupervisedStep does after the examples are known on every rank.
// Internal to the learner.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "learner/replica.h"
#include "learner/supervised_example.h"
#include "learner/supervised_options.h"
#include "learner/update_stats.h"

namespace drover::learner {

// As Trainer::SupervisedStep; `examples` passed CheckExamples. Every rank calls it with the same arguments.
absl::StatusOr<StepStats> SupervisedStep(Replica& replica, const std::vector<SupervisedExample>& examples,
                                         const SupervisedOptions& options);

// As Trainer::MeasureSupervised; `examples` passed CheckExamples. Errors are those of the collectives, where ranks share the
// weights.
absl::StatusOr<SupervisedLoss> MeasureSupervised(Replica& replica,
                                                 const std::vector<SupervisedExample>& examples,
                                                 int64_t microbatch_tokens);

}  // namespace drover::learner
