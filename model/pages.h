// Pages: the unit in which memory for keys and values is given out. No LibTorch in it, so that what plans pages can be
// built and tested without.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "model/kernels/cpu/kernels.h"

namespace drover::model {

// Tokens of one sequence whose keys and values, of all layers, lie in one page: as many as the kernels take at a time.
inline constexpr int64_t kPageTokens = cpu::kPageTokens;

inline constexpr int64_t PagesFor(int64_t tokens) { return (tokens + kPageTokens - 1) / kPageTokens; }

// Consecutive tokens of one sequence that go through the model in one pass: those at positions [position, position +
// tokens). pages[i] holds positions [16 i, 16 i + 16) of the sequence; there are at least those of all positions before
// position + tokens, and the keys and values of positions before `position` are in them, or are written by other parts
// of the same pass.
struct Part {
  int64_t position = 0;
  int64_t tokens = 0;
  absl::Span<const int32_t> pages;
  int64_t outputs = 1;  // of so many of its last tokens the hidden state is wanted, 1 to `tokens`
};

struct PageCopy {
  int32_t from = 0;
  int32_t to = 0;
};

}  // namespace drover::model
