#include "services/experience/recent_actors.h"

namespace drover::experience {
namespace {

constexpr absl::Duration kRecent = absl::Minutes(1);

}  // namespace

void RecentActors::Saw(const std::string& actor, absl::Duration now) {
  if (seen_.size() >= kMost && seen_.count(actor) == 0) {
    std::erase_if(seen_, [now](const auto& entry) { return entry.second < now - kRecent; });
    if (seen_.size() >= kMost) return;
  }
  seen_[actor] = now;
}

uint32_t RecentActors::CountAt(absl::Duration now) const {
  uint32_t count = 0;
  for (const auto& [actor, seen] : seen_) count += seen >= now - kRecent ? 1 : 0;
  return count;
}

}  // namespace drover::experience
