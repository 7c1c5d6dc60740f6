// What the kernels of attention's backward pass are given: the tokens of a batch, and a block of their queries or keys.
#pragma once

#include <cstdint>

namespace drover::model::cpu {

// Rows of heads, of the kernel's elements, heads next to each other (attention_backward_kernel.h has the formulas). Key head k is read by query heads [k G, k G + G), G = heads / key heads.
struct AttentionBackward {
  const void *query = nullptr, *key = nullptr, *value = nullptr;
  const void* out = nullptr;       // the forward's
  const void* gradient = nullptr;  // of it
  int64_t query_stride = 0, key_stride = 0, value_stride = 0, out_stride = 0,
          gradient_stride = 0;  // elements
  int64_t heads = 0, key_heads = 0, head_dim = 0;
  float scale = 1.0f;
  float soft_cap = 0.0f;  // 0: none
  int64_t window = 0;     // 0: all
  // [tokens, heads, 3]: the largest score, 1 / the sum of e^(score - largest), and dO O: BackwardQueries writes them and
  // BackwardKeys reads them.
  float* statistics = nullptr;
  void *of_query = nullptr, *of_key = nullptr, *of_value = nullptr;  // [tokens, heads or key heads, head_dim]
};
constexpr int64_t kBackwardStatistics = 3;
constexpr int64_t kBackwardLanes = 64;   // queries (tokens x heads) or keys of a block
constexpr int64_t kBackwardMoving = 48;  // rows that go past it at a time

// Consecutive tokens of a sequence, and query heads of one key head, at most kBackwardLanes together. Of the sequence's
// positions the first `prefix` stand in the rows from prefix_begin; the others are next to each other, up to this block's.
struct QueryBlock {
  int64_t first = 0, tokens = 0;  // rows
  int64_t position = 0;           // of the first
  int64_t head = 0, heads = 0;
  int64_t prefix_begin = 0, prefix = 0;
};

// Consecutive tokens of a sequence that see keys of it: a key whose position is not behind their own, and before `end`.
struct QueryRun {
  int64_t first = 0, tokens = 0;  // rows
  int64_t position = 0;           // of the first
  int64_t end = 0;
};

// Up to kBackwardLanes consecutive keys of one key head, and all that may see them, in the order of the sums.
struct KeyBlock {
  int64_t first = 0, keys = 0;  // rows
  int64_t position = 0;         // of the first
  int64_t key_head = 0;
  const QueryRun* runs = nullptr;
  int64_t count = 0;
};

// The first position whose score a block of queries computes.
constexpr int64_t BackwardBegin(int64_t position, int64_t window) {
  return window > 0 && position + 1 > window ? (position + 1 - window) / kBackwardMoving * kBackwardMoving
                                             : 0;
}

// Floats that a block needs: of queries that see `positions` of them, or of keys (0).
constexpr int64_t BackwardScratch(int64_t head_dim, int64_t positions) {
  const int64_t wide = (head_dim + 15) / 16 * 16;
  return wide * (4 * kBackwardLanes + 2 * kBackwardMoving) +
         (2 * kBackwardMoving + positions) * kBackwardLanes;
}

}  // namespace drover::model::cpu
