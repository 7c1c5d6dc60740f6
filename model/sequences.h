// The sequences of a batch, as attention over whole sequences takes them.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "model/segment_pages.h"
#include "model/segments.h"

namespace drover::model::ops {

// Some sequences as rows of like length (model/segment_rows.h).
struct SequenceRows {
  int64_t rows = 0;
  int64_t length = 0;
  // int64 [rows length], on the device: which token stands there; undefined: the batch's, as they are.
  torch::Tensor tokens;
};

// Which tokens of a batch see which: made once for all layers.
class Sequences {
 public:
  // Of a batch whose tokens are on `device`. `by_rows`: by LibTorch's attention on the CPU, too.
  Sequences(std::vector<Segment> segments, torch::Device device, bool by_rows = false);

  const std::vector<Segment>& segments() const { return segments_; }
  const torch::Tensor& positions_N() const { return positions_N_; }  // int64
  // Where the keys lie, for our kernels; null where LibTorch's attention goes by rows.
  const SegmentPages* pages() const { return pages_.get(); }
  // For LibTorch's attention, which knows no segments.
  const std::vector<SequenceRows>& rows() const { return rows_; }
  // int64 [N]: where each token is computed, among those of all rows; undefined: as they are.
  const torch::Tensor& places_N() const { return places_N_; }

 private:
  void MakeRows(torch::Device device);

  std::vector<Segment> segments_;
  torch::Tensor positions_N_;
  std::unique_ptr<SegmentPages> pages_;
  std::vector<SequenceRows> rows_;
  torch::Tensor places_N_;
};

}  // namespace drover::model::ops
