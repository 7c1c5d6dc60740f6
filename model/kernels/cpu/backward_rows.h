// What the kernels of the backward passes that go row by row are given (row_backward_kernel.h has the formulas).
#pragma once

#include <cstdint>

#include "model/kernels/cpu/kernels.h"

namespace drover::model::cpu {

// Of NormRows.
struct NormBackwardRows {
  const float* x = nullptr;
  int64_t x_stride = 0;
  int64_t rows = 0;
  int64_t width = 0;
  const float* weight = nullptr;
  double eps = 0.0;
  const void* gradient = nullptr;  // of what came out: rows of the kernel's elements
  int64_t gradient_stride = 0;
  float* of_x = nullptr;       // [rows, width]
  float* of_weight = nullptr;  // [width]; the kernel adds to it
};

// Of GateRows.
struct GateBackwardRows {
  const void* gate = nullptr;
  const void* up = nullptr;
  int64_t x_stride = 0;  // of both
  int64_t rows = 0;
  int64_t width = 0;
  Gating activation = Gating::kSilu;
  const void* gradient = nullptr;  // of what came out
  int64_t gradient_stride = 0;
  void *of_gate = nullptr, *of_up = nullptr;  // [rows, width]
};

}  // namespace drover::model::cpu
