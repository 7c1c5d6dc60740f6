#include "programs/process/ports.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing/faulty_file_system.h"

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

// Whoever waits for the file finds none, or where the process listens.
TEST(PortsTest, AFileThatIsThereIsWhole) {
  for (const testing::Fault& fault : testing::AllFaults()) {
    testing::AtEveryCall(fault, [](testing::MemoryFileSystem& disk, testing::FaultyFileSystem& files) {
      disk.Put("/run/ports/other.json", "");
      const absl::Status written = WritePorts("/run/ports/actor-0.json", {12345, 54321}, &files);
      EXPECT_EQ(written.ok(), !files.fired());
      const auto ports = ReadPorts("/run/ports/actor-0.json", &disk);
      EXPECT_TRUE(ports.ok() || absl::IsNotFound(ports.status())) << ports.status();
      EXPECT_TRUE(!ports.ok() || ports->metrics == 54321);
    });
  }
}

}  // namespace
}  // namespace drover::process
