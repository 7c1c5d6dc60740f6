#include "base/log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "base/file.h"

namespace drover::log {
namespace {

TEST(LogTest, LinesAreJsonWithLevelsAndFields) {
  const std::string path = ::testing::TempDir() + "/drover_log_test.jsonl";
  std::filesystem::remove(path);
  ASSERT_TRUE(Start({.process = "learner-0", .level = Level::kInfo, .file = path}).ok());
  Debug("dropped");
  Info("group accepted", {{"lease", 17}, {"actor", "actor-0"}});
  Error("bytes \xff that are no UTF-8");
  ASSERT_TRUE(Start({}).ok());

  std::istringstream lines(ReadFile(path).value());
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const auto first = nlohmann::json::parse(line);
  EXPECT_EQ(first["message"], "group accepted");
  EXPECT_EQ(first["process"], "learner-0");
  EXPECT_EQ(first["level"], "info");
  EXPECT_EQ(first["lease"], 17);
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(nlohmann::json::parse(line)["level"], "error");
  EXPECT_FALSE(std::getline(lines, line));
}

TEST(LogTest, UnknownLevelSaysWhatItMayBe) {
  Level level;
  EXPECT_NE(ParseLevel("loud", &level).message().find("debug, info, warning or error"),
            absl::string_view::npos);
  ASSERT_TRUE(ParseLevel("warning", &level).ok());
  EXPECT_EQ(level, Level::kWarning);
}

TEST(LogTest, AFileThatCannotBeOpenedIsAnError) { EXPECT_FALSE(Start({.file = "/no/such/folder/log"}).ok()); }

}  // namespace
}  // namespace drover::log
