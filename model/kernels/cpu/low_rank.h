// The product of two thin matrices, added to a weight.
#pragma once

#include <cstdint>

namespace drover::model::cpu {

// Row-major float32 numbers.
struct LowRank {
  const float* a = nullptr;  // [rank, inputs]
  const float* b = nullptr;  // [outputs, rank]
  int64_t outputs = 0;
  int64_t inputs = 0;
  int64_t rank = 0;
  double scale = 1.0;
};

// weight [outputs, inputs] += (scale b) a: scale b is rounded to float32, the sum over the rank is one product of
// packed_matrix.h, whose bits for a row do not depend on the others nor on threads, and is added once.
void AddLowRank(const LowRank& update, float* weight);

}  // namespace drover::model::cpu
