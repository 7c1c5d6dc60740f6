// Sixteen rows of sixteen words change places with their columns, in registers. Compiled once for each instruction set.
#pragma once

#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

// Swaps the off-diagonal halves of all 2 x 2 arrangements of kStep x kStep blocks of two rows of blocks.
#define DROVER_LOW(j, s) (((j) & (s)) == 0 ? (j) : (j) - (s) + 16)
#define DROVER_HIGH(j, s) (((j) & (s)) == 0 ? (j) + (s) : (j) + 16)
#define DROVER_ALL(f, s)                                                                              \
  f(0, s), f(1, s), f(2, s), f(3, s), f(4, s), f(5, s), f(6, s), f(7, s), f(8, s), f(9, s), f(10, s), \
      f(11, s), f(12, s), f(13, s), f(14, s), f(15, s)

template <int kStep>
DROVER_INLINE void SwapBlocks(U16 (&rows)[kLanes]) {
  for (int i = 0; i < kLanes; ++i) {
    if ((i & kStep) != 0) continue;
    const U16 a = rows[i], b = rows[i + kStep];
    rows[i] = __builtin_shufflevector(a, b, DROVER_ALL(DROVER_LOW, kStep));
    rows[i + kStep] = __builtin_shufflevector(a, b, DROVER_ALL(DROVER_HIGH, kStep));
  }
}
#undef DROVER_LOW
#undef DROVER_HIGH
#undef DROVER_ALL

DROVER_INLINE void Transpose(U16 (&rows)[kLanes]) {
  SwapBlocks<8>(rows);
  SwapBlocks<4>(rows);
  SwapBlocks<2>(rows);
  SwapBlocks<1>(rows);
}

}  // namespace
}  // namespace drover::model::cpu
