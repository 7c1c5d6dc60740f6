// Which actors were heard of in the last minute. Pure: time is passed in.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"

namespace drover::experience {

// Not thread-safe. Bounded: of more actors than kMost the newest ones are not counted.
class RecentActors {
 public:
  static constexpr size_t kMost = 4096;

  void Saw(const std::string& actor, absl::Duration now);
  uint32_t CountAt(absl::Duration now) const;

 private:
  std::map<std::string, absl::Duration> seen_;  // when last
};

}  // namespace drover::experience
