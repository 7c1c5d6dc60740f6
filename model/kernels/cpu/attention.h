// Attention over keys and values that lie in pages, shared out among the pool's threads.
//
// The pages of a layer, 16 tokens each (the layout of one key head's part: AttendHead in kernels.h):
//
//   keys    pages of [key heads, KeyPageElements]       the 16 tokens of a dimension next to each other
//   values  pages of [key heads, ValuePageElements]     the dimensions of a token next to each other, filled up to 16
//
// A sequence is a list of page numbers: page i holds its positions [16 i, 16 i + 16). Sequences may share pages.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "model/kernels/cpu/kernels.h"

namespace drover::model::cpu {

// Of one key head; values have at least as many as keys.
int64_t KeyPageElements(Element element, int64_t head_dim);
int64_t ValuePageElements(int64_t head_dim);

struct Pages {
  Element element = Element::kFloat32;
  int64_t key_heads = 0;
  int64_t head_dim = 0;
  void* keys = nullptr;
  void* values = nullptr;
  int64_t key_stride = 0, value_stride = 0;  // elements from page to page
};

// Where a token's key and value go.
struct Slot {
  int64_t row = 0;  // of TokenRows
  int32_t page = 0;
  int32_t token = 0;  // 0 to 15
};

// Keys and values of tokens: rows of [key heads, head_dim] of the pages' elements.
struct TokenRows {
  const void* keys = nullptr;
  int64_t key_stride = 0;  // elements from row to row
  const void* values = nullptr;
  int64_t value_stride = 0;
};
void WriteTokens(const Pages& pages, const TokenRows& rows, absl::Span<const Slot> slots);

// Consecutive tokens of a sequence, whose keys and values, and those of all positions before, are stored.
struct AttentionPart {
  int64_t first = 0;  // row of its first query
  int64_t tokens = 0;
  int64_t position = 0;  // of its first token
  absl::Span<const int32_t> pages;
};

// Token t of a part sees the positions up to its own. Key head k is read by query heads [k G, k G + G), G = heads / key
// heads.
struct AttentionCall {
  const void* query = nullptr;  // rows of [heads, head_dim], of the pages' elements
  int64_t query_stride = 0;
  int64_t heads = 0;
  float scale = 1.0f;
  float soft_cap = 0.0f;  // 0: none
  int64_t window = 0;     // 0: all
  void* out = nullptr;    // rows of [heads, head_dim]
  int64_t out_stride = 0;
};
void Attend(const Pages& pages, const AttentionCall& call, absl::Span<const AttentionPart> parts);

}  // namespace drover::model::cpu
