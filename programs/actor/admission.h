// When a leased group may be generated, and with which weights. Pure.
#pragma once

#include <optional>

#include "drover/v1/experience.pb.h"
#include "model/weight_version.h"

namespace drover::actor_process {

// The weights that an actor has.
struct WeightsHere {
  std::optional<model::WeightVersion> newest;  // that there are
  std::optional<model::WeightVersion> kept;    // beside them, older: an evaluation is of them
  std::optional<model::WeightVersion> engine;  // tokens are sampled from these

  bool Has(const model::WeightVersion& version) const {
    return newest == version || kept == version || engine == version;
  }
};

enum class Admission {
  kStart,  // under WeightsFor
  kWait,   // for weights that are on their way
  kFetch,  // an evaluation of a version that is not here: it has to be asked for
  kDrop,   // the learner that issued it is gone, and has expired it
};

// A training group may use its minimum version or any newer one; an evaluation exactly its version.
Admission Admit(const v1::Lease& lease, const WeightsHere& here);

// Of a lease that Admit lets start: an evaluation's own version, or the newest.
model::WeightVersion WeightsFor(const v1::Lease& lease, const WeightsHere& here);

}  // namespace drover::actor_process
