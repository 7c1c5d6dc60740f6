// A version of the weights as a subscriber has it.
#pragma once

#include "model/weight_set.h"
#include "model/weight_version.h"

namespace drover::weights {

struct Received {
  model::WeightVersion version;
  model::WeightSet weights;  // digest verified
};

}  // namespace drover::weights
