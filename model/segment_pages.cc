#include "model/segment_pages.h"

#include <map>

#include "base/check.h"

namespace drover::model {

SegmentPages::SegmentPages(const std::vector<Segment>& segments) {
  tables_.reserve(segments.size());    // parts point into them
  std::map<int64_t, size_t> prefixes;  // segments without one, by their begin
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    std::vector<int32_t> table;
    if (segment.prefix > 0) {
      const auto found = prefixes.find(segment.prefix_begin);
      DROVER_CHECK(found != prefixes.end() && segments[found->second].tokens >= segment.prefix);
      const std::vector<int32_t>& whole = tables_[found->second];
      table.assign(whole.begin(), whole.begin() + segment.prefix / cpu::kPageTokens);
    } else {
      prefixes.emplace(segment.begin, i);
    }
    Add(segment, std::move(table));
  }
}

// `table`: the pages of the prefix that are whole.
void SegmentPages::Add(const Segment& segment, std::vector<int32_t> table) {
  const int64_t end = segment.prefix + segment.tokens;
  for (int64_t position = static_cast<int64_t>(table.size()) * cpu::kPageTokens; position < end; ++position) {
    const int64_t token = position % cpu::kPageTokens;
    if (token == 0) table.push_back(static_cast<int32_t>(pages_++));
    const int64_t row = position < segment.prefix ? segment.prefix_begin + position
                                                  : segment.begin + position - segment.prefix;
    slots_.push_back({row, table.back(), static_cast<int32_t>(token)});
  }
  tables_.push_back(std::move(table));
  parts_.push_back({segment.begin, segment.tokens, segment.prefix, tables_.back()});
}

}  // namespace drover::model
