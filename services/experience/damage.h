// Which stored groups of a run are damaged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::experience {

struct DamagedGroup {
  uint64_t lease = 0;
  uint64_t group = 0;
  std::string why;
};

// Reads every group that a start from a kept checkpoint may still train, one at a time. Changes nothing; also while a
// learner writes the journal, which may delete what was needed a moment ago. NOT_FOUND: no journal; DATA_LOSS: its
// events are damaged.
absl::StatusOr<std::vector<DamagedGroup>> FindDamagedGroups(const std::string& run_folder);

}  // namespace drover::experience
