#include "model/testing/device.h"

#include <cstdlib>

#include "absl/strings/str_format.h"
#include "model/device.h"

namespace drover::model::testing {

absl::StatusOr<torch::Device> TestDevice() {
  const char* const name = std::getenv("DROVER_TEST_DEVICE");
  return ResolveDevice(name == nullptr ? "cuda:0" : name);
}

void DeviceTest::SetUp() {
  const auto device = TestDevice();
  // A device that was asked for by name and is misspelt is no reason to skip.
  ASSERT_NE(device.status().code(), absl::StatusCode::kInvalidArgument) << device.status();
  if (!device.ok()) GTEST_SKIP() << "skipped: no GPU (" << device.status().message() << ")";
  device_ = *device;
}

void RecordFigure(const std::string& name, double value) {
  ::testing::Test::RecordProperty(name, absl::StrFormat("%.6g", value));
}

}  // namespace drover::model::testing
