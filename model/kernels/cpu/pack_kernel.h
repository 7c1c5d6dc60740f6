// Sixteen rows of a weight into their lanes of a panel (packed_matrix.h): blocks of 16 x 16 words, a float32 number or a
// pair of bfloat16 numbers each, are transposed in registers (transpose.h). Compiled once for each instruction set.
#pragma once

#include "model/kernels/cpu/kernels.h"
#include "model/kernels/cpu/transpose.h"
#include "model/kernels/cpu/vec.h"

namespace drover::model::cpu {
namespace {

typedef uint32_t U16Words __attribute__((vector_size(64), aligned(4), may_alias));

// Sixteen words of a row: what is stored of 16 float32 numbers, or of 32 as bfloat16 pairs.
template <typename Stored, typename Source>
struct Words;
template <>
struct Words<float, float> {
  static DROVER_INLINE U16 Load16(const float* from) { return (U16)Load(from); }
};
template <>
struct Words<float, Bf16> {
  static DROVER_INLINE U16 Load16(const Bf16* from) { return (U16)Load(from); }
};
template <>
struct Words<Bf16, Bf16> {
  static DROVER_INLINE U16 Load16(const Bf16* from) { return *reinterpret_cast<const U16Anywhere*>(from); }
};
template <>
struct Words<Bf16, float> {
  static DROVER_INLINE U16 Load16(const float* from) {
    Bf16 narrow[2 * kLanes];
    Store(narrow, Load(from));
    Store(narrow + kLanes, Load(from + kLanes));
    return *reinterpret_cast<const U16Anywhere*>(narrow);
  }
};

template <typename Stored, typename Source>
void PackLanes(const PackRows& p) {
  constexpr int64_t kGroup = sizeof(Stored) == 2 ? 2 : 1;  // numbers of a word
  const Source* const weight = static_cast<const Source*>(p.weight);
  Stored* const panel = static_cast<Stored*>(p.panel);
  int64_t k = 0;
  for (; k + kLanes * kGroup <= p.depth; k += kLanes * kGroup) {
    U16 rows[kLanes];
    for (int r = 0; r < kLanes; ++r) rows[r] = Words<Stored, Source>::Load16(weight + r * p.depth + k);
    Transpose(rows);
    for (int i = 0; i < kLanes; ++i) {
      *reinterpret_cast<U16Words*>(panel + (k + i * kGroup) * kPanelWidth) = rows[i];
    }
  }
  for (; k < p.depth; ++k) {
    for (int r = 0; r < kLanes; ++r) {
      StoreOne(panel + k / kGroup * kGroup * kPanelWidth + r * kGroup + k % kGroup,
               LoadOne(weight + r * p.depth + k));
    }
  }
}

template <typename Stored>
void Pack(const PackRows& p) {
  p.source == Element::kFloat32 ? PackLanes<Stored, float>(p) : PackLanes<Stored, Bf16>(p);
}

}  // namespace
}  // namespace drover::model::cpu
