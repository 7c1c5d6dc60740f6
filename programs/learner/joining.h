// How the ranks of a learner come together.
#pragma once

#include <torch/types.h>

#include <memory>

#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "programs/learner/flags.h"
#include "ranks/collectives.h"

namespace drover::learner_process {

// What this rank joins with, on `device`. INVALID_ARGUMENT names the flag. Nothing is joined yet.
absl::StatusOr<C10dOptions> JoinOptions(const Flags& flags, const v1::Recipe& recipe, torch::Device device);

// Waits for all ranks; one alone waits for nobody. Errors of JoinC10d.
absl::StatusOr<std::unique_ptr<Collectives>> Join(const C10dOptions& options);

}  // namespace drover::learner_process
