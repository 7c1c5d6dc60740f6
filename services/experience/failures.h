// How often the leases of each group failed, and until when it is not leased again. Pure: time is passed in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace drover::experience {

// Not thread-safe.
class Failures {
 public:
  // Counts a failure; its group waits, for twice as long after each: 250 ms, 500 ms, ... 10 s. How many there were now.
  uint32_t Count(uint64_t group, const std::string& reason, absl::Duration now);
  // It does not wait at `now`.
  bool MayLease(uint64_t group, absl::Duration now) const;
  // The first three reasons that differ, as "a; or: b".
  std::string Reasons(uint64_t group) const;
  // The group's failures count no more: it was trained, filtered or graded.
  void Forget(uint64_t group) { groups_.erase(group); }
  void Clear() { groups_.clear(); }

 private:
  struct Group {
    uint32_t failures = 0;
    absl::Duration not_before;
    std::vector<std::string> reasons;
  };
  std::map<uint64_t, Group> groups_;
};

}  // namespace drover::experience
