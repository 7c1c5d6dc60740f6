#include "model/segments.h"

#include <cstddef>
#include <numeric>

#include "base/check.h"

namespace drover::model {

std::vector<Segment> WholeRows(int64_t rows, int64_t length) {
  std::vector<Segment> segments;
  for (int64_t row = 0; row < rows; ++row) segments.push_back({row * length, length, 0, 0});
  return segments;
}

std::vector<int64_t> SegmentPositions(const std::vector<Segment>& segments) {
  std::vector<int64_t> positions;
  for (const Segment& segment : segments) {
    DROVER_CHECK(segment.begin == static_cast<int64_t>(positions.size()) && segment.tokens > 0);
    positions.resize(positions.size() + static_cast<size_t>(segment.tokens));
    std::iota(positions.end() - segment.tokens, positions.end(), segment.prefix);
  }
  return positions;
}

}  // namespace drover::model
