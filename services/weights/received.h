// A version of the weights as a subscriber has it.
#pragma once

#include <memory>

#include "model/weight_set.h"
#include "model/weight_version.h"

namespace drover::weights {

struct Received {
  model::WeightVersion version;
  model::WeightSet weights;  // digest verified
  // What the weights adapt, if they are adapters: the same for all versions of a run. Null: they are whole.
  std::shared_ptr<const model::WeightSet> base;
};

}  // namespace drover::weights
