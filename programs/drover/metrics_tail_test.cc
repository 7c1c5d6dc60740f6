#include "programs/drover/metrics_tail.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace drover::cli {
namespace {

TEST(MetricsTailTest, WholeLinesOnceAsTheyCome) {
  const std::string path = ::testing::TempDir() + "/drover_tail.jsonl";
  std::filesystem::remove(path);
  MetricsTail tail(path);
  EXPECT_TRUE(tail.TakeNew().empty());
  const auto file = PosixFileSystem()->OpenForAppending(path).value();
  ASSERT_TRUE(file->Append("{\"step\":1}\n{\"step\":2}\n{\"st").ok());
  const auto first = tail.TakeNew();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[1]["step"], 2);
  EXPECT_TRUE(tail.TakeNew().empty());
  ASSERT_TRUE(file->Append("ep\":3}\nnonsense\n{\"step\":4}\n").ok());
  const auto second = tail.TakeNew();
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[0]["step"], 3);
  EXPECT_EQ(second[1]["step"], 4);
}

// A run that rolled back has dropped lines and writes others: those alone are new.
TEST(MetricsTailTest, AFileThatIsWrittenAnewGivesWhatIsOfALaterIncarnation) {
  const std::string path = ::testing::TempDir() + "/drover_tail_anew.jsonl";
  const std::string first = "{\"step\":1,\"incarnation\":1}\n", second = "{\"step\":2,\"incarnation\":1}\n";
  ASSERT_TRUE(WriteFileAtomically(path, first + second).ok());
  MetricsTail tail(path);
  EXPECT_EQ(tail.TakeNew().size(), 2u);
  ASSERT_TRUE(WriteFileAtomically(path, first + "{\"step\":2,\"incarnation\":2,\"again\":true}\n").ok());
  const auto lines = tail.TakeNew();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["again"], true);
  EXPECT_TRUE(tail.TakeNew().empty());
}

}  // namespace
}  // namespace drover::cli
