#include "services/experience/failures.h"

#include <algorithm>

#include "absl/strings/str_join.h"

namespace drover::experience {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(250);
constexpr absl::Duration kLongestPause = absl::Seconds(10);
constexpr size_t kReasonsKept = 3;

}  // namespace

uint32_t Failures::Count(uint64_t group, const std::string& reason, absl::Duration now) {
  Group& failed = groups_[group];
  ++failed.failures;
  absl::Duration pause = kFirstPause;
  for (uint32_t i = 1; i < failed.failures && pause < kLongestPause; ++i) pause *= 2;
  failed.not_before = now + std::min(pause, kLongestPause);
  const bool known = std::count(failed.reasons.begin(), failed.reasons.end(), reason) > 0;
  if (!known && failed.reasons.size() < kReasonsKept) failed.reasons.push_back(reason);
  return failed.failures;
}

bool Failures::MayLease(uint64_t group, absl::Duration now) const {
  const auto found = groups_.find(group);
  return found == groups_.end() || found->second.not_before <= now;
}

std::string Failures::Reasons(uint64_t group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? "" : absl::StrJoin(found->second.reasons, "; or: ");
}

}  // namespace drover::experience
