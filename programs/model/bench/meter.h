// What a measurement reads off a device beside the clock.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

namespace drover::model_tool {

// Returns when all that was started on the device is done. Does nothing on the CPU.
void WaitForDevice(torch::Device device);

// Kernels that `work` launches on the device (copies and fills not counted); empty on the CPU, which has none, and where
// the profiler sees none. Slower than `work` alone: time it apart.
std::optional<int64_t> CountLaunches(torch::Device device, const std::function<void()>& work);

// The most memory that was in use at once, since the process began or ResetPeakMemory: of LibTorch's allocator on a GPU, of the
// process on the CPU. Bytes.
int64_t PeakMemory(torch::Device device);
// From here on the peak is that of what comes. False, and nothing is changed, on a CPU whose system does not allow it (Linux
// does where /proc/self/clear_refs can be written).
bool ResetPeakMemory(torch::Device device);

// What the machine gives at most, measured here and now.
struct DeviceLimits {
  double copy_bytes_per_second =
      0.0;  // a large copy inside the device's memory, bytes read and bytes written
  double matrix_flops_per_second = 0.0;  // a large square product of random matrices
};
// Medians of several rounds after a warm-up; about a second. The product is in `dtype`.
DeviceLimits MeasureLimits(torch::Device device, torch::ScalarType dtype);
nlohmann::ordered_json LimitsJson(const DeviceLimits& limits);

}  // namespace drover::model_tool
