#include "programs/drover/grading/explain_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace drover::grading {
namespace {

using ::testing::HasSubstr;

class ExplainTest : public ::testing::Test {
 protected:
  ~ExplainTest() override { std::filesystem::remove(path_); }
  static std::string Text(const ExplainOptions& options) {
    const auto text = ExplainToText(options);
    return text.ok() ? *text : text.status().ToString();
  }
  std::string path_ =
      ::testing::TempDir() + "/explain_" + ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ExplainTest, AnAnswerOrAResponse) {
  EXPECT_THAT(Text({.golds = {"\\frac12"}, .answer = "0.5"}), HasSubstr("equal_exact: reward 1\n"));
  EXPECT_THAT(Text({.golds = {"7", "\\frac12"}, .response = "so \\boxed{0.5}"}),
              HasSubstr("against 7: different"));
  EXPECT_THAT(Text({.golds = {"2"}, .response = "the answer is 2", .format = "plain"}),
              HasSubstr("reward 1\n"));
  ASSERT_TRUE(WriteFileAtomically(path_, "so \\boxed{0.5}\n").ok());
  EXPECT_THAT(Text({.golds = {"1/2"}, .response_file = path_}), HasSubstr("reward 1\n"));
}

TEST_F(ExplainTest, ALineOfAFile) {
  ASSERT_TRUE(WriteFileAtomically(path_, R"({"id":"a","gold":"1","answer":"2"}

{"id":7,"gold":"1","answer":"1"}
{"id":"case","gold":"24: 3 8","pred":"3*8","grader":"countdown"}
)")
                  .ok());
  EXPECT_THAT(Text({.in = path_, .id = "a"}), HasSubstr("different: reward 0\n"));
  EXPECT_THAT(Text({.in = path_, .id = "7"}), HasSubstr("equal_exact: reward 1\n"));
  EXPECT_THAT(Text({.in = path_, .id = "case"}), HasSubstr("grader        countdown\n"));
  EXPECT_THAT(Text({.in = path_, .id = "b"}), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(Text({.in = path_, .id = "b"}), HasSubstr("none of its 3 lines has the id b"));
}

TEST_F(ExplainTest, WhatDoesNotFitTogether) {
  EXPECT_THAT(Text({}), HasSubstr("give --gold and exactly one of"));
  EXPECT_THAT(Text({.golds = {"1"}}), HasSubstr("give --gold and exactly one of"));
  EXPECT_THAT(Text({.golds = {"1"}, .response = "1", .answer = "1"}), HasSubstr("exactly one of"));
  EXPECT_THAT(Text({.in = path_}), HasSubstr("go together"));
  EXPECT_THAT(Text({.golds = {"1"}, .in = path_, .id = "1"}), HasSubstr("instead of --gold"));
  EXPECT_THAT(Text({.in = "/no/such/file", .id = "1"}), HasSubstr("NOT_FOUND"));
  EXPECT_THAT(Text({.golds = {"1"}, .answer = "1", .grader = "x"}), HasSubstr("grader is \"x\""));
  EXPECT_THAT(Text({.golds = {"1"}, .response = "1", .format = "x"}), HasSubstr("format is \"x\""));
}

}  // namespace
}  // namespace drover::grading
