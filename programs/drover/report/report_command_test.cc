#include "programs/drover/report/report_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace drover::cli::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ReportCommandTest : public ::testing::Test {
 protected:
  ReportCommandTest()
      : folder_(::testing::TempDir() + "/report-" +
                ::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
  }

  std::string Run(const std::string& name, const std::string& metrics) {
    const std::string path = folder_ + "/" + name;
    std::filesystem::create_directories(path);
    EXPECT_TRUE(WriteFileAtomically(path + "/metrics.jsonl", metrics).ok());
    return path;
  }
  std::string out() const { return folder_ + "/report.html"; }

  const std::string folder_;
};

constexpr const char* kStep = "{\"step\":1,\"steps\":1,\"reward\":0.5,\"seconds\":2.0}\n";

TEST_F(ReportCommandTest, WritesOneFileOfSeveralRuns) {
  const absl::Status done = WriteReport({.runs = {Run("a", kStep), Run("b", kStep)}, .out = out()});
  ASSERT_TRUE(done.ok()) << done;
  const std::string page = *ReadFile(out());
  EXPECT_THAT(page, HasSubstr("\"name\":\"a\""));
  EXPECT_THAT(page, HasSubstr("\"name\":\"b\""));
  EXPECT_THAT(page, HasSubstr("<title>2 runs</title>"));
}

TEST_F(ReportCommandTest, FoldersOfTheSameNameAreToldApart) {
  const std::string first = Run("x/run", kStep), second = Run("y/run", kStep);
  ASSERT_TRUE(WriteReport({.runs = {first, second}, .out = out()}).ok());
  const std::string page = *ReadFile(out());
  EXPECT_THAT(page, HasSubstr("\"name\":\"" + first + "\""));
  EXPECT_THAT(page, HasSubstr("\"name\":\"" + second + "\""));
}

TEST_F(ReportCommandTest, BadInputWritesNothing) {
  const std::string run = Run("a", kStep);
  const absl::Status twice = WriteReport({.runs = {run, run + "/."}, .out = out()});
  EXPECT_EQ(twice.code(), absl::StatusCode::kInvalidArgument) << twice;
  EXPECT_THAT(std::string(twice.message()), HasSubstr("given twice"));
  EXPECT_EQ(WriteReport({.runs = {folder_ + "/none"}, .out = out()}).code(), absl::StatusCode::kNotFound);
  std::filesystem::create_directories(folder_ + "/empty");
  EXPECT_EQ(WriteReport({.runs = {folder_ + "/empty"}, .out = out()}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(ReportCommandTest, AHostileNameIsText) {
  const std::string run = Run("<script>alert(1)<script>", kStep);
  ASSERT_TRUE(WriteReport({.runs = {run}, .out = out()}).ok());
  EXPECT_THAT(*ReadFile(out()), Not(HasSubstr("<script>alert")));
}

}  // namespace
}  // namespace drover::cli::report
