#include "model/sequences.h"

#include <ATen/ATen.h>

#include <utility>

#include "model/segment_rows.h"

namespace drover::model::ops {

Sequences::Sequences(std::vector<Segment> segments, torch::Device device, bool by_rows)
    : segments_(std::move(segments)),
      positions_N_(at::tensor(SegmentPositions(segments_), at::kLong).to(device)) {
  if (device.is_cpu() && !by_rows) {
    pages_ = std::make_unique<SegmentPages>(segments_);
  } else {
    MakeRows(device);
  }
}

void Sequences::MakeRows(torch::Device device) {
  const SegmentRows rows(segments_);
  const bool whole = rows.whole();
  for (const RowBucket& bucket : rows.buckets()) {
    rows_.push_back({bucket.rows, bucket.length, {}});
    if (!whole) rows_.back().tokens = at::tensor(bucket.tokens, at::kLong).to(device);
  }
  if (!whole) places_N_ = at::tensor(rows.places(), at::kLong).to(device);
}

}  // namespace drover::model::ops
