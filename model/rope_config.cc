#include "model/rope_config.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/rope.h"

namespace drover::model {
namespace {

constexpr double kMaxTheta = 1e12;
constexpr double kMaxFactor = 1e6;
constexpr int64_t kMostPositions = int64_t{1} << 30;
constexpr char kOriginal[] = "original_max_position_embeddings";
constexpr char kRotatedShare[] = "partial_rotary_factor";

// One dictionary, and what stands around it.
struct RopeReader {
  const JsonFields& fields;  // the top of the file
  const JsonFields& rope;
  const RopeContext& context;
  int64_t rotated;  // numbers of a head

  absl::Status OnlyFields(std::string_view type, std::initializer_list<std::string_view> own) const {
    std::vector<std::string_view> known = {"rope_type", "type", "rope_theta", kRotatedShare};
    known.insert(known.end(), own.begin(), own.end());
    return rope.CheckOnly(known, absl::StrCat("absent with the rope type \"", ToAbsl(type), "\""));
  }
  absl::StatusOr<std::optional<int64_t>> OriginalPositions() const;
  absl::StatusOr<std::vector<double>> Factors(const char* name) const;

  absl::StatusOr<RopeScaling> Default() const;
  absl::StatusOr<RopeScaling> Linear() const;
  absl::StatusOr<RopeScaling> Dynamic() const;
  absl::StatusOr<RopeScaling> Llama3() const;
  absl::StatusOr<RopeScaling> Yarn() const;
  absl::StatusOr<double> YarnAttentionFactor(double factor) const;
  absl::StatusOr<RopeScaling> LongRope() const;
};

struct RopeType {
  std::string_view name;
  absl::StatusOr<RopeScaling> (RopeReader::*read)() const;
};
constexpr RopeType kRopeTypes[] = {{"default", &RopeReader::Default}, {"linear", &RopeReader::Linear},
                                   {"dynamic", &RopeReader::Dynamic}, {"llama3", &RopeReader::Llama3},
                                   {"yarn", &RopeReader::Yarn},       {"longrope", &RopeReader::LongRope},
                                   {"su", &RopeReader::LongRope}};  // longrope's name in early files

// The type under either of its names (old files call it `type`, some have both).
absl::StatusOr<const RopeType*> FindRopeType(const JsonFields& rope) {
  ASSIGN_OR_RETURN(const std::string newer, rope.String("rope_type", ""));
  ASSIGN_OR_RETURN(const std::string older, rope.String("type", ""));
  if (!newer.empty() && !older.empty() && newer != older) {
    return rope.Wrong("type", absl::StrCat("\"", newer, "\", as rope_type is"));
  }
  const std::string name = !newer.empty() ? newer : !older.empty() ? older : "default";
  for (const RopeType& type : kRopeTypes) {
    if (type.name == name) return &type;
  }
  return rope.Unsupported(newer.empty() ? "type" : "rope_type",
                          "\"default\", \"linear\", \"dynamic\", \"llama3\", \"yarn\" or \"longrope\"");
}

// The context before it was stretched: in the dictionary, or at the top of the file, or both.
absl::StatusOr<std::optional<int64_t>> RopeReader::OriginalPositions() const {
  ASSIGN_OR_RETURN(const auto outside, fields.OptionalInt(kOriginal, 1, kMostPositions));
  ASSIGN_OR_RETURN(const auto inside, rope.OptionalInt(kOriginal, 1, kMostPositions));
  if (outside && inside && *outside != *inside) {
    return rope.Wrong(kOriginal, absl::StrCat(*outside, ", as it is outside"));
  }
  return inside ? inside : outside;
}

absl::StatusOr<std::vector<double>> RopeReader::Factors(const char* name) const {
  const nlohmann::json* list = rope.Find(name);
  const std::string rule = absl::StrCat("an array of ", rotated / 2, " positive numbers");
  if (list == nullptr || !list->is_array() || static_cast<int64_t>(list->size()) != rotated / 2) {
    return rope.Wrong(name, rule);
  }
  std::vector<double> factors;
  for (const nlohmann::json& factor : *list) {
    if (!factor.is_number() || !(factor.get<double>() > 0) || factor.get<double>() > kMaxFactor) {
      return rope.Wrong(name, rule);
    }
    factors.push_back(factor.get<double>());
  }
  return factors;
}

absl::StatusOr<RopeScaling> RopeReader::Default() const {
  RETURN_IF_ERROR(OnlyFields("default", {}));
  return RopeScaling();
}

absl::StatusOr<RopeScaling> RopeReader::Linear() const {
  RETURN_IF_ERROR(OnlyFields("linear", {"factor"}));
  ASSIGN_OR_RETURN(const double factor, rope.Positive("factor", kMaxFactor));
  return LinearRopeScaling{factor};
}

absl::StatusOr<RopeScaling> RopeReader::Dynamic() const {
  RETURN_IF_ERROR(OnlyFields("dynamic", {"factor"}));
  ASSIGN_OR_RETURN(const double factor, rope.Positive("factor", kMaxFactor));
  return DynamicRopeScaling{factor};
}

absl::StatusOr<RopeScaling> RopeReader::Llama3() const {
  RETURN_IF_ERROR(OnlyFields("llama3", {"factor", "low_freq_factor", "high_freq_factor", kOriginal}));
  Llama3RopeScaling scaling;
  ASSIGN_OR_RETURN(scaling.factor, rope.Positive("factor", kMaxFactor));
  ASSIGN_OR_RETURN(scaling.low_freq_factor, rope.Positive("low_freq_factor", kMaxFactor));
  ASSIGN_OR_RETURN(scaling.high_freq_factor, rope.Positive("high_freq_factor", kMaxFactor));
  if (scaling.low_freq_factor >= scaling.high_freq_factor) {
    return rope.Wrong("low_freq_factor", "below high_freq_factor");
  }
  ASSIGN_OR_RETURN(const auto original, OriginalPositions());
  if (!original) return rope.Int(kOriginal, 1, kMostPositions).status();
  scaling.original_max_positions = *original;
  return scaling;
}

// YaRN's own rule, 0.1 ln(factor) + 1, or the quotient of two such where DeepSeek's mscale fields say so.
absl::StatusOr<double> RopeReader::YarnAttentionFactor(double factor) const {
  const auto rule = [&](double mscale) {
    return factor <= 1.0 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
  };
  if (rope.Find("attention_factor") != nullptr) return rope.Positive("attention_factor", kMaxFactor);
  for (const char* name : {"mscale", "mscale_all_dim"}) {
    if (rope.Find(name) == nullptr || *rope.Find(name) == 0) return rule(1.0);
  }
  ASSIGN_OR_RETURN(const double above, rope.Positive("mscale", kMaxFactor));
  ASSIGN_OR_RETURN(const double below, rope.Positive("mscale_all_dim", kMaxFactor));
  return rule(above) / rule(below);
}

absl::StatusOr<RopeScaling> RopeReader::Yarn() const {
  RETURN_IF_ERROR(OnlyFields("yarn", {"factor", kOriginal, "attention_factor", "beta_fast", "beta_slow",
                                      "mscale", "mscale_all_dim", "truncate", "finetuned"}));
  if (context.theta <= 1.0) return rope.Wrong("rope_theta", "above 1 with the rope type \"yarn\"");
  YarnRopeScaling scaling;
  ASSIGN_OR_RETURN(const auto original, OriginalPositions());
  scaling.original_max_positions = original.value_or(context.max_positions);
  const double ratio =
      static_cast<double>(context.max_positions) / static_cast<double>(scaling.original_max_positions);
  ASSIGN_OR_RETURN(scaling.factor, rope.Positive("factor", kMaxFactor, ratio));
  ASSIGN_OR_RETURN(scaling.beta_fast, rope.Positive("beta_fast", kMaxFactor, scaling.beta_fast));
  ASSIGN_OR_RETURN(scaling.beta_slow, rope.Positive("beta_slow", kMaxFactor, scaling.beta_slow));
  if (scaling.beta_slow > scaling.beta_fast) return rope.Wrong("beta_slow", "at most beta_fast");
  ASSIGN_OR_RETURN(scaling.truncate, rope.Bool("truncate", scaling.truncate));
  ASSIGN_OR_RETURN(scaling.attention_factor, YarnAttentionFactor(scaling.factor));
  return scaling;
}

absl::StatusOr<RopeScaling> RopeReader::LongRope() const {
  RETURN_IF_ERROR(
      OnlyFields("longrope", {"factor", "short_factor", "long_factor", "attention_factor", kOriginal}));
  LongRopeScaling scaling;
  ASSIGN_OR_RETURN(scaling.short_factors, Factors("short_factor"));
  ASSIGN_OR_RETURN(scaling.long_factors, Factors("long_factor"));
  ASSIGN_OR_RETURN(const auto original, OriginalPositions());
  scaling.original_max_positions = original.value_or(context.max_positions);
  const double context_before = static_cast<double>(scaling.original_max_positions);
  ASSIGN_OR_RETURN(
      const double factor,
      rope.Positive("factor", kMaxFactor, static_cast<double>(context.max_positions) / context_before));
  if (factor > 1.0 && scaling.original_max_positions < 2) return rope.Wrong(kOriginal, "at least 2");
  const double rule = factor <= 1.0 ? 1.0 : std::sqrt(1.0 + std::log(factor) / std::log(context_before));
  ASSIGN_OR_RETURN(scaling.attention_factor, rope.Positive("attention_factor", kMaxFactor, rule));
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

// The share of a head that is rotated, from `rope` or else from the top; an even number of numbers.
absl::StatusOr<double> ParseRotatedShare(const JsonFields& fields, const JsonFields& rope, int64_t head_dim) {
  ASSIGN_OR_RETURN(const double outside, fields.Positive(kRotatedShare, 1.0, 1.0));
  ASSIGN_OR_RETURN(const double share, rope.Positive(kRotatedShare, 1.0, outside));
  if (fields.Find(kRotatedShare) != nullptr && share != outside) {
    return rope.Wrong(kRotatedShare, absl::StrCat(outside, ", as it is outside"));
  }
  RopeConfig config;
  config.rotated_share = share;
  const int64_t rotated = RotatedNumbers(config, head_dim);
  if (rotated >= 2 && rotated % 2 == 0) return share;
  return fields.Wrong(rope.Find(kRotatedShare) != nullptr ? rope.Path(kRotatedShare) : kRotatedShare,
                      absl::StrCat("a share of a head that is an even number of its ", head_dim, " numbers"));
}

}  // namespace

absl::StatusOr<RopeConfig> ParseRopeDictionary(const JsonFields& fields, const JsonFields& rope,
                                               const RopeContext& context) {
  RopeConfig config;
  ASSIGN_OR_RETURN(config.theta, rope.Positive("rope_theta", kMaxTheta, context.theta));
  ASSIGN_OR_RETURN(config.rotated_share, ParseRotatedShare(fields, rope, context.head_dim));
  ASSIGN_OR_RETURN(const RopeType* const type, FindRopeType(rope));
  RopeContext own = context;
  own.theta = config.theta;
  const RopeReader reader{fields, rope, own, RotatedNumbers(config, context.head_dim)};
  ASSIGN_OR_RETURN(config.scaling, (reader.*type->read)());
  return config;
}

absl::StatusOr<RopeConfig> ParseRope(const JsonFields& fields, const RopeContext& context) {
  std::vector<JsonFields> dictionaries;
  std::optional<double> theta;
  RETURN_IF_ERROR(TakeTheta(fields, theta));
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    if (fields.Find(name) == nullptr) continue;
    ASSIGN_OR_RETURN(const JsonFields rope, fields.Object(name));
    RETURN_IF_ERROR(TakeTheta(rope, theta));
    dictionaries.push_back(rope);
  }
  RopeContext own = context;
  own.theta = theta.value_or(context.theta);
  std::optional<RopeConfig> config;
  for (const JsonFields& rope : dictionaries) {
    ASSIGN_OR_RETURN(const RopeConfig parsed, ParseRopeDictionary(fields, rope, own));
    if (config && *config != parsed) return fields.Wrong("rope_scaling", "the same as rope_parameters");
    config = parsed;
  }
  if (config) return *config;
  config.emplace();
  config->theta = own.theta;
  ASSIGN_OR_RETURN(config->rotated_share, ParseRotatedShare(fields, fields, context.head_dim));
  return *config;
}

int64_t PositionsReached(const RopeConfig& rope, int64_t max_positions) {
  if (const auto* linear = std::get_if<LinearRopeScaling>(&rope.scaling)) {
    const double reached = std::floor(static_cast<double>(max_positions) * std::max(1.0, linear->factor));
    return std::min(kMostPositions, static_cast<int64_t>(reached));
  }
  if (const auto* yarn = std::get_if<YarnRopeScaling>(&rope.scaling)) {
    const double reached = std::floor(static_cast<double>(yarn->original_max_positions) * yarn->factor);
    return std::max(max_positions, static_cast<int64_t>(std::min(reached, double{kMostPositions})));
  }
  if (const auto* longrope = std::get_if<LongRopeScaling>(&rope.scaling)) {
    return std::min(max_positions, longrope->original_max_positions);
  }
  return max_positions;
}

int64_t PositionsToWrite(const RopeConfig& rope, int64_t reached) {
  const auto* linear = std::get_if<LinearRopeScaling>(&rope.scaling);
  if (linear == nullptr) return reached;
  // The smallest that reaches so far: the quotient, or one of the next where it was rounded.
  auto written = static_cast<int64_t>(static_cast<double>(reached) / std::max(1.0, linear->factor));
  while (written < 1 || PositionsReached(rope, written) < reached) ++written;
  return written;
}

namespace {

struct RopeWriter {
  nlohmann::json operator()(const std::monostate&) const { return nullptr; }
  nlohmann::json operator()(const LinearRopeScaling& s) const {
    return {{"rope_type", "linear"}, {"factor", s.factor}};
  }
  nlohmann::json operator()(const DynamicRopeScaling& s) const {
    return {{"rope_type", "dynamic"}, {"factor", s.factor}};
  }
  nlohmann::json operator()(const Llama3RopeScaling& s) const {
    return {{"rope_type", "llama3"},
            {"factor", s.factor},
            {"low_freq_factor", s.low_freq_factor},
            {"high_freq_factor", s.high_freq_factor},
            {kOriginal, s.original_max_positions}};
  }
  nlohmann::json operator()(const YarnRopeScaling& s) const {
    return {{"rope_type", "yarn"},      {"factor", s.factor},       {kOriginal, s.original_max_positions},
            {"beta_fast", s.beta_fast}, {"beta_slow", s.beta_slow}, {"attention_factor", s.attention_factor},
            {"truncate", s.truncate}};
  }
  nlohmann::json operator()(const LongRopeScaling& s) const {
    return {{"rope_type", "longrope"},
            {"short_factor", s.short_factors},
            {"long_factor", s.long_factors},
            {kOriginal, s.original_max_positions},
            {"attention_factor", s.attention_factor}};
  }
};

}  // namespace

nlohmann::json RopeScalingJson(const RopeConfig& rope) { return std::visit(RopeWriter(), rope.scaling); }

}  // namespace drover::model
