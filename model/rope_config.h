// What config.json says about rotary positions, wherever it says it.
#pragma once

#include "absl/status/status.h"
#include "model/config.h"
#include "model/json.h"

namespace drover::model {

// Reads rope_theta and rope_scaling of `fields`, the top of a config.json, into `config`. The base may stand at the top
// or inside rope_parameters (newer files) or rope_scaling (older ones), and in several places if it is the same; every
// field of such a dictionary is read or refused. INVALID_ARGUMENT for values that are out of range or contradict each
// other, UNIMPLEMENTED for other kinds of positions.
absl::Status ParseRope(const JsonFields& fields, ModelConfig& config);

}  // namespace drover::model
