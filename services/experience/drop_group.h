// `drover drop-group RUN`: an operator's way past a group that a run should not train on.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace drover::experience {

// Closes a lease whose group was accepted as FAILED in the journal of a run that is not running, so that the group is
// leased again when it is resumed. A lease that was trained since the newest checkpoint is closed once that resume has
// undone its rollout. Durable when it returns. NOT_FOUND: no journal or no such lease; UNAVAILABLE: the run's learner is
// alive; FAILED_PRECONDITION: the lease holds no group that could still be dropped.
absl::Status DropGroup(const std::string& run_folder, uint64_t lease, const std::string& reason);

}  // namespace drover::experience
