// What config.json says about rotary positions, wherever it says it.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "model/json.h"
#include "model/rope_scaling.h"

namespace drover::model {

struct RopeConfig {
  double theta = 10000.0;
  std::optional<Llama3RopeScaling> scaling;
};

// rope_theta and rope_scaling of `fields`, the top of a config.json. The base may stand at the top or inside
// rope_parameters (newer files) or rope_scaling (older ones), and in several places if it is the same; every field of
// such a dictionary is read or refused. INVALID_ARGUMENT for values that are out of range or contradict each other,
// UNIMPLEMENTED for other kinds of positions.
absl::StatusOr<RopeConfig> ParseRope(const JsonFields& fields);

}  // namespace drover::model
