// Devices and compute threads.
#pragma once

#include <torch/types.h>

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::model {

// "auto" (cuda:0 when this build and this machine have CUDA, else cpu), "cpu", "cuda" or "cuda:N".
// INVALID_ARGUMENT for any other text; FAILED_PRECONDITION, saying why, where CUDA is asked for and cannot be used.
absl::StatusOr<torch::Device> ResolveDevice(std::string_view name);

// Threads of one CPU operator, of this process from now on; 0 leaves LibTorch's default (the cores of the machine).
// That waiting threads sleep and do not spin is up to the environment (OMP_WAIT_POLICY=passive, set by the launcher).
absl::Status SetComputeThreads(int threads);

}  // namespace drover::model
