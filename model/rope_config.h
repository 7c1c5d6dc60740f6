// What config.json says about rotary positions, wherever it says it.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/json.h"
#include "model/rope_scaling.h"

namespace drover::model {

// What the reading needs to know of the rest of the file.
struct RopeContext {
  double theta = 10000.0;  // where the file has none
  int64_t head_dim = 0;
  int64_t max_positions = 0;  // max_position_embeddings
};

// Of `fields`, the top of a config.json. The base may stand at the top or inside rope_parameters (newer files) or
// rope_scaling (older ones), and in several places if it is the same; every field of such a dictionary is read or
// refused. INVALID_ARGUMENT for values that are out of range or contradict each other, UNIMPLEMENTED for other kinds of
// positions.
absl::StatusOr<RopeConfig> ParseRope(const JsonFields& fields, const RopeContext& context);

// The same of one dictionary, `rope`, for some of the layers; context.theta where it has no base.
absl::StatusOr<RopeConfig> ParseRopeDictionary(const JsonFields& fields, const JsonFields& rope,
                                               const RopeContext& context);

// Tokens of a sequence at most, where max_position_embeddings is `max_positions`.
int64_t PositionsReached(const RopeConfig& rope, int64_t max_positions);
// The max_position_embeddings of a file of which PositionsReached makes `reached`.
int64_t PositionsToWrite(const RopeConfig& rope, int64_t reached);

// rope_scaling: the dictionary in the older form, null without scaling. ParseRope reads it back.
nlohmann::json RopeScalingJson(const RopeConfig& rope);

}  // namespace drover::model
