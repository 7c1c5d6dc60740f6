#include "group/versions.h"

#include <algorithm>

namespace drover::group {

std::optional<VersionSpan> Versions(const v1::Group& group) {
  std::optional<VersionSpan> span;
  for (const v1::Response& response : group.responses()) {
    for (const v1::VersionRun& run : response.versions()) {
      if (run.count() == 0) continue;
      if (!span.has_value()) span = VersionSpan{run.version(), run.version()};
      span->oldest = std::min(span->oldest, run.version());
      span->newest = std::max(span->newest, run.version());
    }
  }
  return span;
}

uint64_t Staleness(const v1::Group& group, uint64_t version) {
  const std::optional<VersionSpan> span = Versions(group);
  return span.has_value() && version > span->oldest ? version - span->oldest : 0;
}

}  // namespace drover::group
