// How the tokens of a batch follow each other: which of them are one sequence, and where a prompt is shared. No LibTorch.
#pragma once

#include <cstdint>
#include <vector>

namespace drover::model {

// Consecutive tokens of a batch that follow each other in a sequence: at its beginning, or after a prefix that stands
// elsewhere and may be that of several segments (a prompt and its responses). A token sees its segment up to itself, and
// the prefix. The segments of a batch are all of its tokens, one after the other.
struct Segment {
  int64_t begin = 0;         // its first token, counted over the batch
  int64_t tokens = 0;        // at least one
  int64_t prefix_begin = 0;  // the begin of an earlier segment, which has no prefix itself
  int64_t prefix = 0;        // how many tokens of that come before this; 0: none
};

// Rows of `length` tokens, each a sequence.
std::vector<Segment> WholeRows(int64_t rows, int64_t length);

// The position of each token of the batch in its sequence.
std::vector<int64_t> SegmentPositions(const std::vector<Segment>& segments);

}  // namespace drover::model
