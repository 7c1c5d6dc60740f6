// A short training run of several ranks in one process, for tests that compare runs.
#pragma once

#include <torch/types.h>

#include <vector>

#include "learner/trainer_options.h"
#include "learner/update_stats.h"

namespace drover::learner::testing_support {

struct Outcome {
  std::vector<UpdateStats> stats;  // of each rollout
  double supervised_loss = 0.0;    // of the last supervised step
  std::vector<torch::Tensor> weights;
};

// Two supervised steps, then two rollouts of 16 responses, on TinyModels. Ranks come with weights of their own: rank 0's
// count. Expects that all ranks end with the same bits (not where they share the weights).
Outcome ShortRun(int ranks, const TrainerOptions& options, torch::ScalarType dtype = torch::kFloat32);

// That losses, norms, statistics and weights of the two are the same to rounding.
void ExpectSameToRounding(const Outcome& a, const Outcome& b);

}  // namespace drover::learner::testing_support
