// Backward passes of what is computed row by row, and sums. In float32; the elements are rounded once. Compiled once for
// each instruction set.
#pragma once

#include "model/kernels/cpu/backward_rows.h"
#include "model/kernels/cpu/kernels.h"
#include "model/kernels/cpu/row_kernels.h"
#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

// y = x r w, r = 1 / sqrt(mean(x^2) + eps): dx = r (g w - x r^2 mean(g w x)), dw = sum over rows of g x r.
template <typename T>
void NormBackward(const NormBackwardRows& n) {
  const float part = 1.0f / static_cast<float>(n.width);
  for (int64_t row = 0; row < n.rows; ++row) {
    const float* const x = n.x + row * n.x_stride;
    const T* const gradient = static_cast<const T*>(n.gradient) + row * n.gradient_stride;
    float* const of_x = n.of_x + row * n.width;
    const float scale = 1.0f / __builtin_sqrtf(SumOfSquares(x, n.width) / static_cast<float>(n.width) +
                                               static_cast<float>(n.eps));
    F16 sums = {};
    for (int64_t i = 0; i < n.width; i += kLanes) {
      const F16 normed = LoadAt(x, i, n.width) * scale;
      const F16 g = LoadAt(gradient, i, n.width);
      sums += g * LoadAt(n.weight, i, n.width) * normed;
      StoreAt(n.of_weight, i, n.width, LoadAt(n.of_weight, i, n.width) + g * normed);
    }
    const float along = SumLanes(sums) * part;
    for (int64_t i = 0; i < n.width; i += kLanes) {
      const F16 normed = LoadAt(x, i, n.width) * scale;
      const F16 weighed = LoadAt(gradient, i, n.width) * LoadAt(n.weight, i, n.width);
      StoreAt(of_x, i, n.width, scale * (weighed - normed * along));
    }
  }
}

// a(x) = x s(z), s(z) = 1 / (1 + e^-z) and z as Activated has it: a' = s + x s (1 - s) z'.
struct ActivatedWithSlope {
  F16 value, slope;
};
DROVER_INLINE ActivatedWithSlope WithSlope(F16 x, Gating activation) {
  const bool silu = activation == Gating::kSilu;
  const F16 z = silu ? x : 1.5957691216f * (x + 0.044715f * x * x * x);
  const F16 of_z = silu ? Spread(1.0f) : 1.5957691216f * (1.0f + 0.134145f * x * x);
  const F16 minus = -z;
  const F16 s = 1.0f / (1.0f + Exp(Select(minus > 88.0f, Spread(88.0f), minus)));
  return {x * s, s + x * s * (1.0f - s) * of_z};
}

template <typename T>
void GateBackward(const GateBackwardRows& g) {
  for (int64_t row = 0; row < g.rows; ++row) {
    const T* const gate = static_cast<const T*>(g.gate) + row * g.x_stride;
    const T* const up = static_cast<const T*>(g.up) + row * g.x_stride;
    const T* const gradient = static_cast<const T*>(g.gradient) + row * g.gradient_stride;
    T* const of_gate = static_cast<T*>(g.of_gate) + row * g.width;
    T* const of_up = static_cast<T*>(g.of_up) + row * g.width;
    for (int64_t i = 0; i < g.width; i += kLanes) {
      const F16 of_out = LoadAt(gradient, i, g.width);
      const ActivatedWithSlope activated = WithSlope(LoadAt(gate, i, g.width), g.activation);
      StoreAt(of_gate, i, g.width, of_out * LoadAt(up, i, g.width) * activated.slope);
      StoreAt(of_up, i, g.width, of_out * activated.value);
    }
  }
}

template <typename T>
void AddTo(const void* from, int64_t count, float* to) {
  const T* const added = static_cast<const T*>(from);
  for (int64_t i = 0; i < count; i += kLanes) {
    StoreAt(to, i, count, LoadAt(static_cast<const float*>(to), i, count) + LoadAt(added, i, count));
  }
}

}  // namespace
}  // namespace drover::model::cpu
