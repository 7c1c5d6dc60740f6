// Products of small float32 matrices, added to what is there: tiles of kBlockRows x kBlockVectors sums in registers over the whole
// depth, in its order. Compiled once for each instruction set.
#pragma once

#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kBlockRows = 6;
constexpr int kBlockVectors = 4;
#else
constexpr int kBlockRows = 3;
constexpr int kBlockVectors = 2;
#endif

// c[r, 0..16 vectors) += sum over k < depth of a(r, k) b[k, ...]; a(r, k) is a[r, k], or a[k, r] where it lies transposed.
struct Summed {
  const float* a;
  int64_t a_stride;
  const float* b;
  int64_t b_stride;
  int64_t depth;
  float* c;
  int64_t c_stride;
};

template <bool kTransposed, int kRows, int kVectors>
DROVER_INLINE void AddTile(const Summed& s, int64_t row, int64_t vector) {
  F16 acc[kRows][kVectors] = {};
  const float* a = s.a + (kTransposed ? row : row * s.a_stride);
  const float* b = s.b + vector * kLanes;
  for (int64_t k = 0; k < s.depth; ++k, b += s.b_stride) {
    F16 column[kVectors];
    for (int v = 0; v < kVectors; ++v) column[v] = Load(b + v * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const F16 value = Spread(kTransposed ? a[k * s.a_stride + r] : a[r * s.a_stride + k]);
      for (int v = 0; v < kVectors; ++v) acc[r][v] += value * column[v];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    float* const c = s.c + (row + r) * s.c_stride + vector * kLanes;
    for (int v = 0; v < kVectors; ++v) Store(c + v * kLanes, Load(c + v * kLanes) + acc[r][v]);
  }
}

template <bool kTransposed, int kVectors>
DROVER_INLINE void AddRows(const Summed& s, int64_t rows, int64_t vector) {
  int64_t row = 0;
  for (; row + kBlockRows <= rows; row += kBlockRows) {
    AddTile<kTransposed, kBlockRows, kVectors>(s, row, vector);
  }
  switch (rows - row) {
    case 1:
      return AddTile<kTransposed, 1, kVectors>(s, row, vector);
    case 2:
      return AddTile<kTransposed, 2, kVectors>(s, row, vector);
#if defined(__AVX512F__)
    case 3:
      return AddTile<kTransposed, 3, kVectors>(s, row, vector);
    case 4:
      return AddTile<kTransposed, 4, kVectors>(s, row, vector);
    case 5:
      return AddTile<kTransposed, 5, kVectors>(s, row, vector);
#endif
    default:
      return;
  }
}

template <bool kTransposed>
void AddProduct(const Summed& s, int64_t rows, int64_t vectors) {
  int64_t v = 0;
  for (; v + kBlockVectors <= vectors; v += kBlockVectors) {
    AddRows<kTransposed, kBlockVectors>(s, rows, v);
  }
  switch (vectors - v) {
    case 1:
      return AddRows<kTransposed, 1>(s, rows, v);
#if defined(__AVX512F__)
    case 2:
      return AddRows<kTransposed, 2>(s, rows, v);
    case 3:
      return AddRows<kTransposed, 3>(s, rows, v);
#endif
    default:
      return;
  }
}

}  // namespace
}  // namespace drover::model::cpu
