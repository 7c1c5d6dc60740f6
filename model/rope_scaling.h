// Rotary positions as a configuration says them.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

namespace drover::model {

// All frequencies are divided by `factor`.
struct LinearRopeScaling {
  double factor = 1.0;
  bool operator==(const LinearRopeScaling&) const = default;
};

// Sequences up to the model's context are rotated as without scaling; past it Hugging Face's frequencies of every token
// change with the length of the whole sequence, which no cache can follow: sequences end there.
struct DynamicRopeScaling {
  double factor = 1.0;
  bool operator==(const DynamicRopeScaling&) const = default;
};

// Llama 3.1's stretched rotary frequencies: below low_freq_factor / high_freq_factor turns per original
// context a frequency is divided by `factor`, above it is kept, between them it is interpolated.
struct Llama3RopeScaling {
  double factor = 8.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  int64_t original_max_positions = 8192;

  bool operator==(const Llama3RopeScaling&) const = default;
};

// Peng et al., "YaRN" (2023): frequencies of more than beta_fast turns per original context are kept, those of fewer
// than beta_slow divided by `factor`, those between interpolated by their index; rotated numbers are multiplied by
// attention_factor.
struct YarnRopeScaling {
  double factor = 1.0;
  int64_t original_max_positions = 0;
  double beta_fast = 32.0;
  double beta_slow = 1.0;
  double attention_factor = 1.0;
  bool truncate = true;  // the bounds of what is interpolated are whole indices

  bool operator==(const YarnRopeScaling&) const = default;
};

// Ding et al., "LongRoPE" (2024): each frequency is divided by a factor of its own, short_factors in sequences within
// the original context, long_factors for all tokens of a longer one. A token's numbers must not depend on those after
// it: sequences end with the original context.
struct LongRopeScaling {
  std::vector<double> short_factors, long_factors;
  int64_t original_max_positions = 0;
  double attention_factor = 1.0;  // of the rotated numbers

  bool operator==(const LongRopeScaling&) const = default;
};

using RopeScaling = std::variant<std::monostate, LinearRopeScaling, DynamicRopeScaling, Llama3RopeScaling,
                                 YarnRopeScaling, LongRopeScaling>;

struct RopeConfig {
  double theta = 10000.0;
  double rotated_share = 1.0;  // of each head, its beginning
  RopeScaling scaling;

  bool operator==(const RopeConfig&) const = default;
};

}  // namespace drover::model
