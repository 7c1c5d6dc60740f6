// Rows times one panel of a packed bfloat16 weight by AMX: tiles of 16 rows x 32 numbers of x, tiles of 16 pairs x 16
// outputs of the panel, which lie there as the instructions read them, and sums in tiles of 16 rows x 16 outputs.
//
// The 32 products that a step adds to a sum are summed from 0 first, in the order of the depth, those of even and those
// of odd depth apart, then both together, and this is added to the sum: fused, in float32, to the nearest, ties to even.
// Subnormal numbers are 0, read or computed, whatever the thread's mode is. The last step is filled up with 0. Rows do
// not meet: a row's bits are the same in a tile of any height.
#pragma once

#include <immintrin.h>

#include "model/kernels/cpu/product_kernel.h"

namespace drover::model::cpu {
namespace {

constexpr int64_t kSide = 16;  // rows of a tile of x, outputs of a tile of the panel
constexpr int64_t kStep = 32;  // numbers of a row in a tile
constexpr int64_t kSums = 4;   // tiles of sums, always the first ones
constexpr int kTiles = 8;      // that there are
constexpr int64_t kLine = 64;  // bytes of a tile's row, and of a cache line
constexpr int64_t kPairBytes = 2 * kPanelWidth * sizeof(Bf16);  // from pair to pair of a panel
constexpr int64_t kStepBytes = kStep / 2 * kPairBytes;          // of a panel
constexpr int64_t kAheadBytes = 2 * kStepBytes;                 // that a panel is fetched before it is read

// Before tiles are loaded: GCC's loads do not say that they read memory, so nothing else keeps a write before them.
DROVER_INLINE void FinishWrites() { asm volatile("" ::: "memory"); }

// The tiles' shapes as LDTILECFG reads them.
struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

// Where the tiles of one step begin.
struct StepAt {
  const char* x;
  int64_t x_stride;  // bytes
  const char* panel;
};

// 1 to 16 rows and all 64 outputs at once. Tile 4 is of x, 5 to 7 are of the panel.
struct OneByFour {
  static constexpr int64_t kMostRows = kSide;
  static constexpr int64_t kOutputs = 4 * kSide;

  static constexpr int64_t RowsOf(int tile, int64_t rows) { return tile <= 4 ? rows : kSide; }
  static constexpr int64_t FirstRow(int64_t) { return 0; }
  static constexpr int64_t FirstOutput(int64_t sum) { return sum * kSide; }

  static DROVER_INLINE void Multiply(const StepAt& at) {
    _tile_loadd(4, at.x, at.x_stride);
    _tile_loadd(5, at.panel, kPairBytes);
    _tile_dpbf16ps(0, 4, 5);
    _tile_loadd(6, at.panel + kLine, kPairBytes);
    _tile_dpbf16ps(1, 4, 6);
    _tile_loadd(7, at.panel + 2 * kLine, kPairBytes);
    _tile_dpbf16ps(2, 4, 7);
    _tile_loadd(5, at.panel + 3 * kLine, kPairBytes);
    _tile_dpbf16ps(3, 4, 5);
  }
};

// 17 to 32 rows and 32 outputs at once: each tile that is loaded is used twice. Tiles 4 and 5 are of x, 6 and 7 of the
// panel.
struct TwoByTwo {
  static constexpr int64_t kMostRows = 2 * kSide;
  static constexpr int64_t kOutputs = 2 * kSide;

  static constexpr int64_t RowsOf(int tile, int64_t rows) {
    const bool lower = tile == 2 || tile == 3 || tile == 5;
    return lower ? rows - kSide : kSide;
  }
  static constexpr int64_t FirstRow(int64_t sum) { return sum / 2 * kSide; }
  static constexpr int64_t FirstOutput(int64_t sum) { return sum % 2 * kSide; }

  static DROVER_INLINE void Multiply(const StepAt& at) {
    _tile_loadd(4, at.x, at.x_stride);
    _tile_loadd(6, at.panel, kPairBytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, at.panel + kLine, kPairBytes);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, at.x + kSide * at.x_stride, at.x_stride);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
};

template <typename Tiles>
void Configure(int64_t rows) {
  TileShapes shapes;
  for (int tile = 0; tile < kTiles; ++tile) {
    shapes.row_bytes[tile] = kLine;
    shapes.rows[tile] = static_cast<uint8_t>(Tiles::RowsOf(tile, rows));
  }
  FinishWrites();
  _tile_loadconfig(&shapes);
}

// What comes behind the last whole step, filled up with 0: neither a row nor the panel is read beyond its end.
struct alignas(64) LastStep {
  Bf16 x[TwoByTwo::kMostRows][kStep];
  Bf16 panel[kStep / 2][2 * kPanelWidth];
};

void Copy(const PanelProduct& p, int64_t row, int64_t rows, LastStep* last) {
  const int64_t begin = p.depth / kStep * kStep;
  const int64_t left = p.depth - begin;
  const Bf16* const x = static_cast<const Bf16*>(p.x) + row * p.x_stride + begin;
  const Bf16* const panel = static_cast<const Bf16*>(p.panel) + begin * kPanelWidth;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = 0; k < kStep; ++k) last->x[r][k] = k < left ? x[r * p.x_stride + k] : 0;
  }
  for (int64_t pair = 0; pair < kStep / 2; ++pair) {
    for (int64_t i = 0; i < 2 * kPanelWidth; ++i) {
      last->panel[pair][i] = 2 * pair < left ? panel[pair * 2 * kPanelWidth + i] : 0;
    }
  }
  FinishWrites();
}

// The lines of a step that `kOutputs` outputs are computed of, into the second cache. Processors do not foresee tile
// loads as they foresee others.
template <int64_t kOutputs>
DROVER_INLINE void Fetch(const char* panel) {
  for (int64_t pair = 0; pair < kStep / 2; ++pair) {
    for (int64_t line = 0; line < kOutputs / kSide; ++line) {
      __builtin_prefetch(panel + pair * kPairBytes + line * kLine, /*write=*/0, /*locality=*/2);
    }
  }
}

template <typename Tiles>
DROVER_INLINE void Sum(const PanelProduct& p, int64_t row, int64_t output, const LastStep* last) {
  const int64_t stride = p.x_stride * static_cast<int64_t>(sizeof(Bf16));
  const int64_t column = output / kSide * kLine;
  StepAt at{static_cast<const char*>(p.x) + row * stride, stride, static_cast<const char*>(p.panel) + column};
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t k = 0; k + kStep <= p.depth; k += kStep) {
    if (row == 0) Fetch<Tiles::kOutputs>(at.panel + kAheadBytes);
    Tiles::Multiply(at);
    at.x += kLine;
    at.panel += kStepBytes;
  }
  if (last == nullptr) return;
  Tiles::Multiply(
      {reinterpret_cast<const char*>(last->x), kLine, reinterpret_cast<const char*>(last->panel) + column});
}

// Rows [row, row + rows) with tiles that are configured for so many.
template <typename Tiles>
void TileRows(const PanelProduct& p, int64_t row, int64_t rows) {
  LastStep copy;
  const LastStep* const last = p.depth % kStep == 0 ? nullptr : &copy;
  if (last != nullptr) Copy(p, row, rows, &copy);
  for (int64_t output = 0; output < kPanelWidth; output += Tiles::kOutputs) {
    Sum<Tiles>(p, row, output, last);
    alignas(64) float sums[kSums][kSide][kSide];
    _tile_stored(0, sums[0], kLine);
    _tile_stored(1, sums[1], kLine);
    _tile_stored(2, sums[2], kLine);
    _tile_stored(3, sums[3], kLine);
    for (int64_t sum = 0; sum < kSums; ++sum) {
      const int64_t first = Tiles::FirstRow(sum);
      const int64_t count = rows - first < kSide ? rows - first : kSide;
      for (int64_t r = 0; r < count; ++r) {
        Finish<Bf16>(p, row + first + r, output + Tiles::FirstOutput(sum), Load(sums[sum][r]));
      }
    }
  }
}

// The thread's tiles are its own until it returns, and then not in use: what else runs on the thread configures its own.
void TileProduct(const PanelProduct& p) {
  int64_t row = 0;
  if (p.rows >= TwoByTwo::kMostRows) Configure<TwoByTwo>(TwoByTwo::kMostRows);
  for (; p.rows - row >= TwoByTwo::kMostRows; row += TwoByTwo::kMostRows) {
    TileRows<TwoByTwo>(p, row, TwoByTwo::kMostRows);
  }
  const int64_t left = p.rows - row;
  if (left > OneByFour::kMostRows) {
    Configure<TwoByTwo>(left);
    TileRows<TwoByTwo>(p, row, left);
  } else if (left > 0) {
    Configure<OneByFour>(left);
    TileRows<OneByFour>(p, row, left);
  }
  _tile_release();
}

}  // namespace
}  // namespace drover::model::cpu
