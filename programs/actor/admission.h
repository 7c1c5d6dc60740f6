// When a leased group may be generated. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "drover/v1/experience.pb.h"

namespace drover::actor_process {

// The weights that tokens would be sampled from now.
struct CurrentWeights {
  uint32_t incarnation = 0;
  uint64_t version = 0;
};

enum class Admission {
  kStart,
  kWait,      // for weights that are on their way
  kGiveBack,  // it can never be served here: an evaluation of a version that is gone
  kDrop,      // the learner that issued it is gone, and has expired it
};

// A training group may use its minimum version or any newer one; an evaluation exactly its version. `current` is unset
// before the first weights.
Admission Admit(const v1::Lease& lease, const std::optional<CurrentWeights>& current);

}  // namespace drover::actor_process
