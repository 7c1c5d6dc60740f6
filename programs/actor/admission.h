// When a leased group may be generated. Pure.
#pragma once

#include <optional>

#include "drover/v1/experience.pb.h"
#include "model/weight_version.h"

namespace drover::actor_process {

enum class Admission {
  kStart,
  kWait,      // for weights that are on their way
  kGiveBack,  // it can never be served here: an evaluation of a version that is gone
  kDrop,      // the learner that issued it is gone, and has expired it
};

// A training group may use its minimum version or any newer one; an evaluation exactly its version. `newest` is
// of the weights that it would begin under; unset before the first.
Admission Admit(const v1::Lease& lease, const std::optional<model::WeightVersion>& newest);

}  // namespace drover::actor_process
