#include "model/segments.h"

#include <cstddef>
#include <numeric>

namespace drover::model {

std::vector<Segment> WholeRows(int64_t rows, int64_t length) {
  std::vector<Segment> segments;
  for (int64_t row = 0; row < rows; ++row) segments.push_back({row * length, length, 0, 0});
  return segments;
}

std::vector<int64_t> SegmentPositions(const std::vector<Segment>& segments, int64_t tokens) {
  std::vector<int64_t> positions(static_cast<size_t>(tokens), 0);
  for (const Segment& segment : segments) {
    const auto first = positions.begin() + segment.begin;
    std::iota(first, first + segment.tokens, segment.prefix);
  }
  return positions;
}

}  // namespace drover::model
