// What is computed row by row: norms, rotary positions, gates. In float32; the elements are rounded once. Compiled once
// for each instruction set.
#pragma once

#include "model/kernels/cpu/kernels.h"
#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

DROVER_INLINE float SumOfSquares(const float* x, int64_t width) {
  F16 sums = {};
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    const F16 part = Load(x + i);
    sums += part * part;
  }
  if (i < width) {
    const F16 part = LoadSome(x + i, width - i, 0.0f);
    sums += part * part;
  }
  return SumLanes(sums);
}

template <typename T>
void Norm(const NormRows& n) {
  for (int64_t row = 0; row < n.rows; ++row) {
    const float* const x = n.x + row * n.x_stride;
    T* const out = static_cast<T*>(n.out) + row * n.out_stride;
    const float mean = SumOfSquares(x, n.width) / static_cast<float>(n.width);
    const float scale = 1.0f / __builtin_sqrtf(mean + static_cast<float>(n.eps));
    int64_t i = 0;
    for (; i + kLanes <= n.width; i += kLanes) Store(out + i, Load(x + i) * scale * Load(n.weight + i));
    for (; i < n.width; ++i) StoreOne(out + i, x[i] * scale * n.weight[i]);
  }
}

template <typename T>
DROVER_INLINE void RotateHead(const T* x, const float* cos, const float* sin, int64_t half, T* out) {
  int64_t i = 0;
  for (; i + kLanes <= half; i += kLanes) {
    const F16 first = Load(x + i);
    const F16 second = Load(x + half + i);
    const F16 c = Load(cos + i);
    const F16 s = Load(sin + i);
    Store(out + i, first * c - second * s);
    Store(out + half + i, second * c + first * s);
  }
  if (i == half) return;
  const int64_t rest = half - i;
  const F16 first = LoadSome(x + i, rest, 0.0f);
  const F16 second = LoadSome(x + half + i, rest, 0.0f);
  const F16 c = LoadSome(cos + i, rest, 0.0f);
  const F16 s = LoadSome(sin + i, rest, 0.0f);
  StoreSome(out + i, first * c - second * s, rest);
  StoreSome(out + half + i, second * c + first * s, rest);
}

template <typename T>
void Rotate(const RotateRows& r) {
  const int64_t half = r.rotated / 2;
  for (int64_t row = 0; row < r.rows; ++row) {
    for (int64_t head = 0; head < r.heads; ++head) {
      const T* const x = static_cast<const T*>(r.x) + row * r.x_stride + head * r.head_dim;
      T* const out = static_cast<T*>(r.out) + row * r.out_stride + head * r.head_dim;
      RotateHead(x, r.cos + row * half, r.sin + row * half, half, out);
      for (int64_t i = r.rotated; i < r.head_dim; ++i) out[i] = x[i];
    }
  }
}

// x / (1 + e^-z): silu for z = x; for z = 2 sqrt(2 / pi) (x + 0.044715 x^3) gelu in its approximation by tanh. Beyond e^88
// a float32 has no more numbers: there the sigmoid is as good as 0.
DROVER_INLINE F16 Activated(F16 x, Gating activation) {
  const F16 z = activation == Gating::kSilu ? x : 1.5957691216f * (x + 0.044715f * x * x * x);
  const F16 minus = -z;
  return x / (1.0f + Exp(Select(minus > 88.0f, Spread(88.0f), minus)));
}

template <typename T>
void Gate(const GateRows& g) {
  for (int64_t row = 0; row < g.rows; ++row) {
    const T* const gate = static_cast<const T*>(g.gate) + row * g.x_stride;
    const T* const up = static_cast<const T*>(g.up) + row * g.x_stride;
    T* const out = static_cast<T*>(g.out) + row * g.out_stride;
    int64_t i = 0;
    for (; i + kLanes <= g.width; i += kLanes) {
      Store(out + i, Activated(Load(gate + i), g.activation) * Load(up + i));
    }
    if (i == g.width) continue;
    const int64_t rest = g.width - i;
    const F16 activated = Activated(LoadSome(gate + i, rest, 0.0f), g.activation);
    StoreSome(out + i, activated * LoadSome(up + i, rest, 0.0f), rest);
  }
}

}  // namespace
}  // namespace drover::model::cpu
