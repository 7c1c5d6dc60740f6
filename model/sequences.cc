#include "model/sequences.h"

#include <ATen/ATen.h>

#include <utility>

namespace drover::model::ops {
namespace {

bool EachRowIsOne(const std::vector<Segment>& segments, int64_t length) {
  for (const Segment& segment : segments) {
    if (segment.begin % length != 0 || segment.prefix > 0) return false;
  }
  return true;
}

// [b, t, s]: whether token t of row b sees token s of it; padding sees itself, so that no softmax is over nothing.
torch::Tensor VisibleTokens(const std::vector<Segment>& segments, int64_t rows, int64_t length) {
  const torch::Tensor visible_BTT = at::eye(length, at::kBool).repeat({rows, 1, 1});
  for (const Segment& s : segments) {
    const torch::Tensor row_TT = visible_BTT.select(0, s.begin / length);
    const int64_t begin = s.begin % length;
    const torch::Tensor own_tT = row_TT.narrow(0, begin, s.tokens);
    own_tT.narrow(1, begin, s.tokens).copy_(at::ones({s.tokens, s.tokens}, at::kBool).tril());
    if (s.prefix > 0) own_tT.narrow(1, s.prefix_begin % length, s.prefix).fill_(true);
  }
  return visible_BTT;
}

}  // namespace

Sequences::Sequences(int64_t rows, int64_t length, std::vector<Segment> segments, torch::Device device)
    : rows_(rows), length_(length), segments_(std::move(segments)) {
  const std::vector<int64_t> positions = SegmentPositions(segments_, rows * length);
  positions_N_ = at::tensor(positions, at::kLong).to(device);
  if (device.is_cpu()) {
    pages_ = std::make_unique<SegmentPages>(segments_);
  } else if (!EachRowIsOne(segments_, length)) {
    visible_BTT_ = VisibleTokens(segments_, rows, length).to(device);
  }
}

}  // namespace drover::model::ops
