// Which loss a step minimises, and with which numbers. Pure: no tensor.
#pragma once

#include <cstdint>

namespace drover::learner {

// What a response's tokens are divided by (token_weights.h).
enum class Aggregation { kConstant, kResponseLength };

struct LossOptions {
  Aggregation aggregation = Aggregation::kConstant;
  double clip_low = 0.2;
  double clip_high = 0.2;
  double kl_coefficient = 0.0;  // 0: no KL term, and no reference
  int64_t budget = 3000;        // L, tokens
};

}  // namespace drover::learner
