#include "model/device.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#ifdef DROVER_CUDA
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#include <torch/cuda.h>
#endif

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/exceptions.h"
#include "base/status.h"
#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/pool.h"

namespace drover::model {
namespace {

constexpr int kMaxThreads = 1024;

int CudaDevices() {
#ifdef DROVER_CUDA
  return torch::cuda::is_available() ? static_cast<int>(torch::cuda::device_count()) : 0;
#else
  return 0;
#endif
}

std::string WhyNoCuda() {
#ifdef DROVER_CUDA
  std::string why;
  try {
    c10::cuda::device_count_ensure_non_zero();
  } catch (const std::exception& error) {
    why = ": " + ExceptionMessage(error);
  }
  return "LibTorch finds no usable CUDA GPU on this machine (nvidia-smi lists those that the driver shows)" +
         why;
#else
  return "this build has no CUDA (./drover setup --cuda makes one that has)";
#endif
}

// Of the kernel's files, which have no size; empty if it is not there.
std::string ReadSystemFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The number in `text` behind `key`; nullopt if there is none.
std::optional<int64_t> NumberBehind(absl::string_view text, absl::string_view key) {
  const size_t at = text.find(key);
  if (at == absl::string_view::npos) return std::nullopt;
  absl::string_view rest = text.substr(at + key.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  int64_t number = 0;
  if (!absl::SimpleAtoi(rest.substr(0, rest.find_first_not_of("0123456789")), &number)) return std::nullopt;
  return number;
}

// What the control group leaves; nullopt where it has no bound ("max") or there is none.
std::optional<int64_t> ControlGroupLeaves() {
  const std::string bound = ReadSystemFile("/sys/fs/cgroup/memory.max");
  const std::string used = ReadSystemFile("/sys/fs/cgroup/memory.current");
  const std::optional<int64_t> most = NumberBehind(bound, ""), now = NumberBehind(used, "");
  if (!most || !now) return std::nullopt;
  return std::max<int64_t>(0, *most - *now);
}

absl::StatusOr<int64_t> FreeCpuMemory() {
  const std::optional<int64_t> available = NumberBehind(ReadSystemFile("/proc/meminfo"), "MemAvailable:");
  if (!available) return absl::NotFoundError("/proc/meminfo says no MemAvailable");
  return std::min(*available * 1024, ControlGroupLeaves().value_or(INT64_MAX));
}

void UseGpuNumerics() {
  at::globalContext().setFloat32MatmulPrecision("highest");
  at::globalContext().setAllowBF16ReductionCuBLAS(false);
  at::globalContext().setSDPUseCuDNN(false);
}

torch::Device Gpu(int index) {
  UseGpuNumerics();
  return torch::Device(torch::kCUDA, static_cast<torch::DeviceIndex>(index));
}

}  // namespace

torch::Device AutoDevice(int rank, int gpus) {
  if (gpus == 0) return torch::Device(torch::kCPU);
  return torch::Device(torch::kCUDA, static_cast<torch::DeviceIndex>(rank % gpus));
}

absl::StatusOr<torch::Device> ResolveDevice(std::string_view name, int rank) {
  if (name == "cpu") return torch::Device(torch::kCPU);
  const int devices = CudaDevices();
  if (name == "auto") {
    const torch::Device device = AutoDevice(rank, devices);
    return device.is_cuda() ? Gpu(device.index()) : device;
  }
  int index = 0;
  std::string_view rest = name;
  if (rest.substr(0, 4) == "cuda") {
    rest.remove_prefix(4);
    const bool plain = rest.empty();
    const bool indexed = rest.size() > 1 && rest.size() <= 4 && rest[0] == ':' &&
                         rest.find_first_not_of("0123456789", 1) == std::string_view::npos &&
                         absl::SimpleAtoi(ToAbsl(rest.substr(1)), &index);
    if (plain || indexed) {
      if (devices == 0) {
        return absl::FailedPreconditionError(
            absl::StrCat("device \"", ToAbsl(name), "\" cannot be used: ", WhyNoCuda()));
      }
      if (index >= devices) {
        return absl::FailedPreconditionError(absl::StrCat("device \"", ToAbsl(name),
                                                          "\" is not there: this machine has ", devices,
                                                          " GPU(s), numbered from 0"));
      }
      return Gpu(index);
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("device is \"", ToAbsl(name), "\", must be auto, cpu or cuda:N with N from 0"));
}

absl::Status TryDevice(torch::Device device) {
  const absl::Status tried = CatchExceptions(device.str(), [&] {
    const torch::Tensor one = at::ones({1}, at::TensorOptions(at::kFloat).device(device));
    return one.item<float>() == 1.0f ? absl::OkStatus() : absl::InternalError("computes wrong values");
  });
  return tried.ok() ? tried : absl::FailedPreconditionError(tried.message());
}

absl::StatusOr<int64_t> FreeMemory(torch::Device device) {
  if (device.is_cpu()) return FreeCpuMemory();
#ifdef DROVER_CUDA
  size_t free = 0, total = 0;
  const c10::cuda::CUDAGuard guard(device);
  const cudaError_t error = cudaMemGetInfo(&free, &total);
  if (error == cudaSuccess) return static_cast<int64_t>(free);
  return absl::UnavailableError(
      absl::StrCat("the free memory of ", device.str(), " cannot be read: ", cudaGetErrorString(error)));
#else
  return absl::FailedPreconditionError(WhyNoCuda());
#endif
}

absl::Status SetComputeThreads(int threads) {
  if (threads < 0 || threads > kMaxThreads) {
    return absl::InvalidArgumentError(absl::StrCat("threads is ", threads, ", must be 0 to ", kMaxThreads));
  }
  RETURN_IF_ERROR(cpu::CheckInstructionSet());
  if (threads > 0) at::set_num_threads(threads);
  cpu::SetThreads(at::get_num_threads());
  return absl::OkStatus();
}

}  // namespace drover::model
