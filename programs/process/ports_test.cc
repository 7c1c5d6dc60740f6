#include "programs/process/ports.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace drover::process {
namespace {

TEST(PortsTest, RoundTripAndErrors) {
  const std::string path = ::testing::TempDir() + "/drover_ports.json";
  std::filesystem::remove(path);
  EXPECT_EQ(ReadPorts(path).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(WritePorts(path, {1234, 5678}).ok());
  EXPECT_EQ(ReadPorts(path)->grpc, 1234);
  EXPECT_EQ(ReadPorts(path)->metrics, 5678);
  for (const char* bad : {"", "[]", "{}", R"({"grpc_port":"x","metrics_port":1})"}) {
    ASSERT_TRUE(WriteFileAtomically(path, bad).ok());
    EXPECT_EQ(ReadPorts(path).status().code(), absl::StatusCode::kDataLoss) << bad;
  }
}

}  // namespace
}  // namespace drover::process
