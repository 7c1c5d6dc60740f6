// The backward pass of attention over the segments of a batch, shared out among the pool's threads.
//
//   blocks of queries   largest first, on any thread   -> statistics of their scores, dQ
//   blocks of keys      largest first, on any thread   -> dK, dV: the sums over all queries that see them
//
// Each number is summed by one thread, over the segments in their order: bits do not depend on the threads.
#pragma once

#include "absl/types/span.h"
#include "model/kernels/cpu/backward_blocks.h"
#include "model/kernels/cpu/kernels.h"
#include "model/segments.h"

namespace drover::model::cpu {

// Writes of_query, of_key and of_value of all tokens that are in a segment, and `statistics`; reads the others' no more
// than it writes them.
void BackwardAttention(Element element, const AttentionBackward& pass, absl::Span<const Segment> segments);

}  // namespace drover::model::cpu
