#include "model/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace drover::model {
namespace {

using ::testing::HasSubstr;

TEST(DeviceTest, KnowsCpuAndAuto) {
  EXPECT_TRUE(ResolveDevice("cpu").value().is_cpu());
  EXPECT_TRUE(ResolveDevice("auto").ok());
}

TEST(DeviceTest, RanksOfOneMachineGetItsGpusInTurn) {
  EXPECT_TRUE(AutoDevice(/*rank=*/3, /*gpus=*/0).is_cpu());
  EXPECT_EQ(AutoDevice(0, 2), torch::Device(torch::kCUDA, 0));
  EXPECT_EQ(AutoDevice(1, 2), torch::Device(torch::kCUDA, 1));
  EXPECT_EQ(AutoDevice(2, 2), torch::Device(torch::kCUDA, 0));
}

TEST(DeviceTest, NamesWhatItGotAndWhatIsRight) {
  for (const char* wrong :
       {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda:99999", "CPU", "cuda 0"}) {
    const absl::Status status = ResolveDevice(wrong).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_THAT(std::string(status.message()), HasSubstr("must be auto, cpu or cuda:N"));
  }
}

TEST(DeviceTest, SaysWhyThereIsNoCuda) {
  if (ResolveDevice("auto").value().is_cuda()) GTEST_SKIP() << "skipped: this machine has a GPU";
  for (const char* name : {"cuda", "cuda:0", "cuda:3"}) {
    const absl::Status status = ResolveDevice(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), HasSubstr("cannot be used"));
  }
}

TEST(DeviceTest, ThreadsHaveARange) {
  EXPECT_TRUE(SetComputeThreads(0).ok());
  EXPECT_FALSE(SetComputeThreads(-1).ok());
  EXPECT_FALSE(SetComputeThreads(5000).ok());
}

}  // namespace
}  // namespace drover::model
