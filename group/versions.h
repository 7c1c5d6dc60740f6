// From which weight versions a group's tokens were sampled (docs/reference/staleness.md).
#pragma once

#include <cstdint>
#include <optional>

#include "drover/v1/group.pb.h"

namespace drover::group {

struct VersionSpan {
  uint64_t oldest = 0;
  uint64_t newest = 0;
  bool operator==(const VersionSpan&) const = default;
};

// Of the group's tokens; unset when it has none.
std::optional<VersionSpan> Versions(const v1::Group& group);

// `version` (the newest published one) minus the oldest version among the group's tokens; 0 for a group without tokens,
// or of newer ones.
uint64_t Staleness(const v1::Group& group, uint64_t version);

}  // namespace drover::group
