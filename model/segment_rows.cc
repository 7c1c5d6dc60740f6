#include "model/segment_rows.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>

#include "base/check.h"

namespace drover::model {
namespace {

int64_t SequenceLength(const Segment& segment) { return segment.prefix + segment.tokens; }

bool AreAlike(int64_t length, int64_t longest) { return 4 * length >= 3 * longest || length + 16 >= longest; }

// The number of the first segment that goes on where one without a prefix ends, by the begin of that.
std::map<int64_t, size_t> FirstBehind(const std::vector<Segment>& segments) {
  std::map<int64_t, int64_t> beginnings;  // tokens of the segments without a prefix
  std::map<int64_t, size_t> first;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    if (segment.prefix == 0) {
      beginnings.emplace(segment.begin, segment.tokens);
      continue;
    }
    const auto found = beginnings.find(segment.prefix_begin);
    DROVER_CHECK(found != beginnings.end() && found->second >= segment.prefix);
    if (segment.prefix == found->second) first.emplace(segment.prefix_begin, i);
  }
  return first;
}

}  // namespace

SegmentRows::SegmentRows(const std::vector<Segment>& segments) {
  const std::map<int64_t, size_t> first_behind = FirstBehind(segments);
  std::vector<size_t> order;  // of the segments that have rows
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].prefix > 0 || first_behind.count(segments[i].begin) == 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return SequenceLength(segments[a]) > SequenceLength(segments[b]);
  });

  places_.resize(SegmentPositions(segments).size());
  for (const size_t i : order) {
    const Segment& segment = segments[i];
    const int64_t place = AddRow(segment);
    Place(segment.begin, segment.tokens, place + segment.prefix);
    if (segment.prefix == 0) continue;
    const auto first = first_behind.find(segment.prefix_begin);
    if (first != first_behind.end() && first->second == i) Place(segment.prefix_begin, segment.prefix, place);
  }
}

// Past the row's end its tokens stand once more: what nothing sees is of no other sequence, and as no token is there often,
// the gradients (0) that are added to it wait for few others.
int64_t SegmentRows::AddRow(const Segment& segment) {
  const int64_t own = SequenceLength(segment);
  if (buckets_.empty() || !AreAlike(own, buckets_.back().length)) buckets_.push_back({0, own, {}});
  RowBucket& bucket = buckets_.back();
  ++bucket.rows;
  bucket.tokens.resize(static_cast<size_t>(bucket.rows * bucket.length));
  const auto row = bucket.tokens.end() - bucket.length;
  std::iota(row, row + segment.prefix, segment.prefix_begin);
  std::iota(row + segment.prefix, row + own, segment.begin);
  for (int64_t t = own; t < bucket.length; ++t) row[t] = row[t - own];
  row_places_ += bucket.length;
  return row_places_ - bucket.length;
}

void SegmentRows::Place(int64_t token, int64_t tokens, int64_t place) {
  std::iota(places_.begin() + token, places_.begin() + token + tokens, place);
}

bool SegmentRows::whole() const {
  if (buckets_.size() != 1 || buckets_[0].tokens.size() != places_.size()) return false;
  for (size_t i = 0; i < places_.size(); ++i) {
    if (places_[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

}  // namespace drover::model
