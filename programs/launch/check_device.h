// Whether this machine has the device that a recipe asks for, for programs without LibTorch.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace drover::launch {

// OK for "auto" and "cpu" at once; else asks `programs`/drover-learner, which takes a second. FAILED_PRECONDITION with
// the learner's words when it cannot be used here; UNAVAILABLE when it could not be asked.
absl::Status CheckDevice(const std::string& programs, const std::string& device);

}  // namespace drover::launch
