// Devices and compute threads.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::model {

// "auto" (AutoDevice, with the GPUs of this machine when this build has CUDA), "cpu", "cuda" or "cuda:N".
// INVALID_ARGUMENT for any other text; FAILED_PRECONDITION, saying why, where CUDA is asked for and cannot be used.
//
// The first GPU that is resolved sets what LibTorch computes with on GPUs, for the process: float32 products in float32
// (no TF32), bfloat16 products summed in float32, and no cuDNN attention, which compiles a plan for every new shape,
// and a decoding batch has a new one for each token.
absl::StatusOr<torch::Device> ResolveDevice(std::string_view name, int rank = 0);

// Whether the device can be used at all, by using it: what the driver says is FAILED_PRECONDITION.
absl::Status TryDevice(torch::Device device);

// The CPU where there is no GPU; else the GPU of a learner's rank: ranks that run on one machine get its GPUs in turn,
// since NCCL refuses two on one.
torch::Device AutoDevice(int rank, int gpus);

// Bytes that could still be had there: of the machine, or of the control group (a container) that this process is in if
// that has less; of a GPU. An error where that cannot be read.
absl::StatusOr<int64_t> FreeMemory(torch::Device device);

// Threads of one CPU operator, LibTorch's and our own kernels', of this process from now on; 0: LibTorch's default (the
// cores of the machine). That LibTorch's threads sleep while they wait and do not spin is up to the environment
// (OMP_WAIT_POLICY=passive, set by the launcher). INVALID_ARGUMENT also for kernels that the environment names and this
// machine cannot run (kernels/cpu/instruction_set.h).
absl::Status SetComputeThreads(int threads);

}  // namespace drover::model
