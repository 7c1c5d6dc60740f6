#include "programs/model/bench/meter.h"

#include <ATen/ATen.h>
#include <sys/resource.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "statistics/moments.h"
#ifdef DROVER_CUDA
#include <c10/cuda/CUDACachingAllocator.h>
#include <torch/cuda.h>
#endif

namespace drover::model_tool {
namespace {

constexpr int kRounds = 7;
constexpr char kResetHighWaterMark[] = "5";  // proc(5), /proc/PID/clear_refs

double MedianSeconds(torch::Device device, const std::function<void()>& work) {
  for (int i = 0; i < 2; ++i) work();
  std::vector<double> seconds;
  for (int i = 0; i < kRounds; ++i) {
    WaitForDevice(device);
    const absl::Time start = absl::Now();
    work();
    WaitForDevice(device);
    seconds.push_back(absl::ToDoubleSeconds(absl::Now() - start));
  }
  return statistics::Median(std::move(seconds));
}

// Of the process's resident memory, bytes: what clear_refs resets, as getrusage's may not be.
std::optional<int64_t> HighWaterMark() {
  std::ifstream status("/proc/self/status");
  for (std::string name; status >> name; status.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
    int64_t kibibytes = 0;
    if (name == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  }
  return std::nullopt;
}

// Kineto files copies and fills among the device's events, under these names.
bool IsKernel(const std::string& name) { return name.rfind("Mem", 0) != 0; }

}  // namespace

void WaitForDevice([[maybe_unused]] torch::Device device) {
#ifdef DROVER_CUDA
  if (device.is_cuda()) torch::cuda::synchronize(device.index());
#endif
}

std::optional<int64_t> CountLaunches(torch::Device device, const std::function<void()>& work) {
  if (!device.is_cuda()) {
    work();
    return std::nullopt;
  }
  namespace profiler = torch::autograd::profiler;
  using torch::profiler::impl::ActivityType;
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  const std::set<ActivityType> activities = {ActivityType::CPU, ActivityType::CUDA};
  WaitForDevice(device);
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities);
  work();
  WaitForDevice(device);
  const auto result = profiler::disableProfiler();
  int64_t launches = 0;
  for (const profiler::KinetoEvent& event : result->events()) {
    if (event.deviceType() == c10::DeviceType::CUDA && IsKernel(event.name())) ++launches;
  }
  if (launches == 0) return std::nullopt;  // no CUPTI for the profiler: not counted, and not zero
  return launches;
}

int64_t PeakMemory([[maybe_unused]] torch::Device device) {
#ifdef DROVER_CUDA
  if (device.is_cuda()) {
    constexpr size_t kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return c10::cuda::CUDACachingAllocator::getDeviceStats(device.index()).allocated_bytes[kAll].peak;
  }
#endif
  if (const std::optional<int64_t> mark = HighWaterMark(); mark.has_value()) return *mark;
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * int64_t{1024};
}

bool ResetPeakMemory([[maybe_unused]] torch::Device device) {
#ifdef DROVER_CUDA
  if (device.is_cuda()) {
    c10::cuda::CUDACachingAllocator::resetPeakStats(device.index());
    return true;
  }
#endif
  std::ofstream marks("/proc/self/clear_refs");
  marks << kResetHighWaterMark << std::flush;
  return marks.good();
}

DeviceLimits MeasureLimits(torch::Device device, torch::ScalarType dtype) {
  at::NoGradGuard no_grad;
  const int64_t copied = device.is_cuda() ? int64_t{2} << 30 : int64_t{128} << 20;  // beyond the caches
  const int64_t width = device.is_cuda() ? 8192 : 1024;
  DeviceLimits limits;
  {
    const torch::Tensor from = at::zeros({copied}, at::TensorOptions(at::kByte).device(device));
    const torch::Tensor to = at::empty_like(from);
    const double seconds = MedianSeconds(device, [&] { to.copy_(from); });
    limits.copy_bytes_per_second = 2.0 * static_cast<double>(copied) / seconds;
  }
  const torch::Tensor a = at::randn({width, width}, at::TensorOptions(at::kFloat).device(device)).to(dtype);
  torch::Tensor product = at::empty_like(a);
  const double seconds = MedianSeconds(device, [&] { at::matmul_out(product, a, a); });
  limits.matrix_flops_per_second =
      2.0 * static_cast<double>(width * width) * static_cast<double>(width) / seconds;
  return limits;
}

nlohmann::ordered_json LimitsJson(const DeviceLimits& limits) {
  return {{"copy_bytes_per_second", limits.copy_bytes_per_second},
          {"matrix_flops_per_second", limits.matrix_flops_per_second}};
}

}  // namespace drover::model_tool
