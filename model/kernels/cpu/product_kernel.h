// Rows times one panel of a packed weight: tiles of kTileRows x kTileVectors accumulators in registers over the whole
// depth. Compiled once for each instruction set.
#pragma once

#include "model/kernels/cpu/kernels.h"
#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kTileRows = 6;
constexpr int kTileVectors = 4;
#else
constexpr int kTileRows = 3;
constexpr int kTileVectors = 2;
#endif
constexpr int kPanelVectors = kPanelWidth / kLanes;
constexpr ProductRows kProductRows = {/*step=*/6, /*least=*/12, /*most=*/96};

template <int kRows, int kVectors>
DROVER_INLINE void Accumulate(const float* x, int64_t stride, const float* panel, int64_t depth,
                              F16 (&acc)[kRows][kVectors]) {
  for (int64_t k = 0; k < depth; ++k, panel += kPanelWidth) {
    F16 w[kVectors];
    for (int v = 0; v < kVectors; ++v) w[v] = Load(panel + v * kLanes);
    for (int r = 0; r < kRows; ++r) {
      const F16 value = Spread(x[r * stride + k]);
      for (int v = 0; v < kVectors; ++v) acc[r][v] += value * w[v];
    }
  }
}

template <int kRows, int kVectors>
DROVER_INLINE void AccumulatePair(const uint32_t (&pairs)[kRows], const Bf16* panel,
                                  F16 (&acc)[kRows][kVectors]) {
  U16 w[kVectors];
  for (int v = 0; v < kVectors; ++v) w[v] = *reinterpret_cast<const U16Anywhere*>(panel + v * 2 * kLanes);
  for (int r = 0; r < kRows; ++r) {
    const U16 pair = Spread(pairs[r]);
    for (int v = 0; v < kVectors; ++v) acc[r][v] = AddDot(acc[r][v], pair, w[v]);
  }
}

template <int kRows, int kVectors>
DROVER_INLINE void Accumulate(const Bf16* x, int64_t stride, const Bf16* panel, int64_t depth,
                              F16 (&acc)[kRows][kVectors]) {
  uint32_t pairs[kRows];
  for (int64_t k = 0; k + 1 < depth; k += 2, panel += 2 * kPanelWidth) {
    for (int r = 0; r < kRows; ++r) pairs[r] = *reinterpret_cast<const PairAnywhere*>(x + r * stride + k);
    AccumulatePair<kRows, kVectors>(pairs, panel, acc);
  }
  if (depth % 2 == 0) return;
  for (int r = 0; r < kRows; ++r) pairs[r] = x[r * stride + depth - 1];  // beside a 0
  AccumulatePair<kRows, kVectors>(pairs, panel, acc);
}

// Sixteen outputs of a row, of which `count` are there.
template <typename T>
DROVER_INLINE void Finish(const PanelProduct& p, int64_t row, int64_t column, F16 sum) {
  const int64_t count = p.columns - column;
  if (count <= 0) return;
  const bool whole = count >= kLanes;
  if (p.bias != nullptr) sum += whole ? Load(p.bias + column) : LoadSome(p.bias + column, count, 0.0f);
  if (p.output == Output::kSame) {
    T* const out = static_cast<T*>(p.out) + row * p.out_stride + column;
    whole ? Store(out, sum) : StoreSome(out, sum, count);
    return;
  }
  float* const out = static_cast<float*>(p.out) + row * p.out_stride + column;
  if (p.output == Output::kAdd) sum = (whole ? Load(out) : LoadSome(out, count, 0.0f)) + sum;
  whole ? Store(out, sum) : StoreSome(out, sum, count);
}

template <typename T, int kRows, int kVectors>
DROVER_INLINE void Tile(const PanelProduct& p, int64_t row, int first_vector) {
  F16 acc[kRows][kVectors] = {};
  const T* const x = static_cast<const T*>(p.x) + row * p.x_stride;
  constexpr int64_t kVectorElements = kLanes * (sizeof(T) == 2 ? 2 : 1);
  const T* const panel = static_cast<const T*>(p.panel) + first_vector * kVectorElements;
  Accumulate<kRows, kVectors>(x, p.x_stride, panel, p.depth, acc);
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) Finish<T>(p, row + r, (first_vector + v) * kLanes, acc[r][v]);
  }
}

template <typename T, int kRows, int kVectors>
void Rows(const PanelProduct& p, int64_t row) {
  for (int v = 0; v < kPanelVectors; v += kVectors) Tile<T, kRows, kVectors>(p, row, v);
}

// Fewer rows than a tile has. One alone waits for memory: it takes the whole width.
template <typename T>
void FewRows(const PanelProduct& p, int64_t row, int64_t rows) {
  switch (rows) {
    case 1:
      return Rows<T, 1, kPanelVectors>(p, row);
    case 2:
      return Rows<T, 2, kTileVectors>(p, row);
    case 3:
      return Rows<T, 3, kTileVectors>(p, row);
#if defined(__AVX512F__)
    case 4:
      return Rows<T, 4, kTileVectors>(p, row);
    case 5:
      return Rows<T, 5, kTileVectors>(p, row);
    case 6:
      return Rows<T, 6, kTileVectors>(p, row);
#endif
    default:
      return;
  }
}

// Whole tiles, the last two of about equal size: a small one leaves the arithmetic waiting for its own results.
template <typename T>
void Product(const PanelProduct& p) {
  int64_t row = 0;
  for (; p.rows - row >= 2 * kTileRows; row += kTileRows) Rows<T, kTileRows, kTileVectors>(p, row);
  int64_t left = p.rows - row;
  if (left > kTileRows) {
    FewRows<T>(p, row, (left + 1) / 2);
    row += (left + 1) / 2;
    left /= 2;
  }
  FewRows<T>(p, row, left);
}

}  // namespace
}  // namespace drover::model::cpu
