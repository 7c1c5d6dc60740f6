// One supervised step, rank by rank: what Trainer::SupervisedStep does after the examples are known on every rank.
// Internal to the learner.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "learner/replica.h"
#include "learner/supervised_example.h"

namespace drover::learner {

// As Trainer::SupervisedStep; `examples` passed CheckExamples. Every rank calls it with the same arguments.
absl::StatusOr<double> SupervisedStep(Replica& replica, const std::vector<SupervisedExample>& examples,
                                      double learning_rate);

}  // namespace drover::learner
