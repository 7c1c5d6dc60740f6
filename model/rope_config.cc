#include "model/rope_config.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::model {
namespace {

constexpr double kMaxTheta = 1e12;
constexpr double kMaxFactor = 1e6;
constexpr int64_t kMaxPositions = int64_t{1} << 30;
constexpr char kOriginal[] = "original_max_position_embeddings";

// The type under either of its names (old files call it `type`, some have both).
absl::StatusOr<std::string> ParseType(const JsonFields& rope) {
  ASSIGN_OR_RETURN(const std::string newer, rope.String("rope_type", ""));
  ASSIGN_OR_RETURN(const std::string older, rope.String("type", ""));
  if (!newer.empty() && !older.empty() && newer != older) {
    return rope.Wrong("type", absl::StrCat("\"", newer, "\", as rope_type is"));
  }
  const std::string type = newer.empty() ? older : newer;
  if (type.empty() || type == "default") return std::string("default");
  if (type != "llama3") {
    return rope.Unsupported(newer.empty() ? "type" : "rope_type", "\"default\" or \"llama3\"");
  }
  return type;
}

absl::Status CheckWholeHeadIsRotated(const JsonFields& fields) {
  ASSIGN_OR_RETURN(const double rotated, fields.Positive("partial_rotary_factor", 1.0, 1.0));
  return rotated == 1.0 ? absl::OkStatus() : fields.Unsupported("partial_rotary_factor", "1");
}

// The context before it was stretched: in the dictionary, or at the top of the file, or both.
absl::StatusOr<int64_t> ParseOriginalPositions(const JsonFields& fields, const JsonFields& rope) {
  ASSIGN_OR_RETURN(const auto outside, fields.OptionalInt(kOriginal, 1, kMaxPositions));
  ASSIGN_OR_RETURN(const auto inside, rope.OptionalInt(kOriginal, 1, kMaxPositions));
  if (outside && inside && *outside != *inside) {
    return rope.Wrong(kOriginal, absl::StrCat(*outside, ", as it is outside"));
  }
  if (inside) return *inside;
  if (outside) return *outside;
  return rope.Int(kOriginal, 1, kMaxPositions);
}

absl::StatusOr<std::optional<Llama3RopeScaling>> ParseScaling(const JsonFields& fields,
                                                              const JsonFields& rope) {
  RETURN_IF_ERROR(CheckWholeHeadIsRotated(rope));
  ASSIGN_OR_RETURN(const std::string type, ParseType(rope));
  if (type == "default") {
    RETURN_IF_ERROR(rope.CheckOnly({"rope_type", "type", "rope_theta", "partial_rotary_factor"},
                                   "absent with the rope type \"default\""));
    return std::nullopt;
  }
  RETURN_IF_ERROR(rope.CheckOnly({"rope_type", "type", "rope_theta", "partial_rotary_factor", "factor",
                                  "low_freq_factor", "high_freq_factor", kOriginal},
                                 "absent with the rope type \"llama3\""));
  Llama3RopeScaling scaling;
  ASSIGN_OR_RETURN(scaling.factor, rope.Positive("factor", kMaxFactor));
  ASSIGN_OR_RETURN(scaling.low_freq_factor, rope.Positive("low_freq_factor", kMaxFactor));
  ASSIGN_OR_RETURN(scaling.high_freq_factor, rope.Positive("high_freq_factor", kMaxFactor));
  ASSIGN_OR_RETURN(scaling.original_max_positions, ParseOriginalPositions(fields, rope));
  return scaling;
}

// The base where `rope` has one: the only one, or the same as that which was found before.
absl::Status TakeTheta(const JsonFields& rope, std::optional<double>& theta) {
  if (rope.Find("rope_theta") == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const double own, rope.Positive("rope_theta", kMaxTheta));
  if (theta && *theta != own) {
    return rope.Wrong("rope_theta", absl::StrCat(*theta, ", as the file says elsewhere"));
  }
  theta = own;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RopeConfig> ParseRope(const JsonFields& fields) {
  RETURN_IF_ERROR(CheckWholeHeadIsRotated(fields));
  RopeConfig config;
  std::optional<double> theta;
  RETURN_IF_ERROR(TakeTheta(fields, theta));
  bool found = false;
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    if (fields.Find(name) == nullptr) continue;
    ASSIGN_OR_RETURN(const JsonFields rope, fields.Object(name));
    RETURN_IF_ERROR(TakeTheta(rope, theta));
    ASSIGN_OR_RETURN(const auto scaling, ParseScaling(fields, rope));
    if (found && scaling != config.scaling) return fields.Wrong(name, "the same as rope_parameters");
    config.scaling = scaling;
    found = true;
  }
  config.theta = theta.value_or(config.theta);
  return config;
}

}  // namespace drover::model
