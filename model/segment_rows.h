// The sequences of a batch as rows of their own, for attention that knows no segments. No LibTorch.
//
//   batch   P P P P a a a b b     a prompt with two responses, one after the other
//   rows    P P P P a a a         a row per sequence; what is shorter begins again at its end, which nothing before sees
//           P P P P b b P
#pragma once

#include <cstdint>
#include <vector>

#include "model/segments.h"

namespace drover::model {

// Rows of like length.
struct RowBucket {
  int64_t rows = 0;
  int64_t length = 0;           // of the longest
  std::vector<int64_t> tokens;  // [rows length]: which token of the batch stands there
};

// A row per segment with its prefix; a segment that some other goes on behind has none, since it is computed there.
//
// What the rows cost: a prompt once for each response, and what the longest of a bucket is longer. The shortest of a bucket
// has at least three quarters of the longest's tokens, or 16 fewer: rows that differ by much are in several buckets, whose
// number grows with the logarithm of the longest.
class SegmentRows {
 public:
  explicit SegmentRows(const std::vector<Segment>& segments);

  // Whether the batch is such rows already, one after the other.
  bool whole() const;

  const std::vector<RowBucket>& buckets() const { return buckets_; }  // longest first
  // Of each token of the batch: where it is computed, among the tokens of all buckets, one after the other.
  const std::vector<int64_t>& places() const { return places_; }

 private:
  // Returns the place of the row's first token.
  int64_t AddRow(const Segment& segment);
  void Place(int64_t token, int64_t tokens, int64_t place);

  std::vector<RowBucket> buckets_;
  std::vector<int64_t> places_;
  int64_t row_places_ = 0;  // of all rows so far
};

}  // namespace drover::model
