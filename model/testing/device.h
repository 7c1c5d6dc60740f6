// The device of the tests that are written for GPUs.
#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace drover::model::testing {

// $DROVER_TEST_DEVICE, or cuda:0: what these tests are about. With cpu they rehearse on the CPU.
absl::StatusOr<torch::Device> TestDevice();

// Sets device() or skips the test, with the reason, where there is no such device.
class DeviceTest : public ::testing::Test {
 protected:
  void SetUp() override;
  torch::Device device() const { return device_; }
  // Skips what has no meaning on the CPU.
  bool on_gpu() const { return device_.is_cuda(); }

 private:
  torch::Device device_ = torch::kCPU;
};

// A number for the record, in the test's entry of GoogleTest's JSON.
void RecordFigure(const std::string& name, double value);

}  // namespace drover::model::testing
