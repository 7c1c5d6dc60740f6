// Stretched rotary positions.
#pragma once

#include <cstdint>

namespace drover::model {

// Llama 3.1's stretched rotary frequencies: below low_freq_factor / high_freq_factor turns per original
// context a frequency is divided by `factor`, above it is kept, between them it is interpolated.
struct Llama3RopeScaling {
  double factor = 8.0;
  double low_freq_factor = 1.0;
  double high_freq_factor = 4.0;
  int64_t original_max_positions = 8192;

  bool operator==(const Llama3RopeScaling&) const = default;
};

}  // namespace drover::model
