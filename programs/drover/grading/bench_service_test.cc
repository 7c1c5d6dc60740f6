#include "programs/drover/grading/bench_service.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace drover::grading {
namespace {

TEST(BenchService, MeasuresTheThreeWays) {
  const auto result = BenchService({.seconds = 0.1, .threads = 1, .callers = 2, .batch = 16});
  ASSERT_TRUE(result.ok()) << result.status();
  for (const char* what : {"in_process", "unary", "stream"}) {
    EXPECT_GT((*result)[what]["grades"].get<int64_t>(), 0) << what;
    EXPECT_GT((*result)[what]["grades_per_second"].get<double>(), 0) << what;
  }
  EXPECT_EQ((*result)["threads"], 1);
}

TEST(BenchService, WrongFilesAreNamed) {
  EXPECT_EQ(BenchService({.in = "/no/such/file"}).status().code(), absl::StatusCode::kNotFound);
  const std::string path = ::testing::TempDir() + "/bench_service.jsonl";
  ASSERT_TRUE(WriteFileAtomically(path, "{}\n").ok());
  const auto result = BenchService({.in = path});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(result.status().message().substr(0, path.size() + 3), path + ":1:");
}

}  // namespace
}  // namespace drover::grading
