// The sequences of a batch, as attention over whole sequences takes them.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "model/segment_pages.h"
#include "model/segments.h"

namespace drover::model::ops {

// Which tokens of a batch see which: made once for all layers.
class Sequences {
 public:
  // `rows` x `length` tokens on `device`, in `segments` (segments.h); what is in none is padding.
  Sequences(int64_t rows, int64_t length, std::vector<Segment> segments, torch::Device device);

  int64_t rows() const { return rows_; }
  int64_t length() const { return length_; }
  const std::vector<Segment>& segments() const { return segments_; }
  const torch::Tensor& positions_N() const { return positions_N_; }  // int64
  // Where the keys lie on the CPU; null elsewhere.
  const SegmentPages* pages() const { return pages_.get(); }
  // Elsewhere: [b, t, s], whether token t sees token s; undefined where each row is one sequence.
  const torch::Tensor& visible_BTT() const { return visible_BTT_; }

 private:
  int64_t rows_, length_;
  std::vector<Segment> segments_;
  torch::Tensor positions_N_;
  std::unique_ptr<SegmentPages> pages_;
  torch::Tensor visible_BTT_;
};

}  // namespace drover::model::ops
