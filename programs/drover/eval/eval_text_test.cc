#include "programs/drover/eval/eval_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

evaluation::Evaluated Sample(const std::string& benchmark, int n) {
  evaluation::Tally tally;
  for (int i = 0; i < 4; ++i) {
    evaluation::QuestionRecord record = {.benchmark = benchmark,
                                         .id = benchmark + "/" + std::to_string(i),
                                         .level = std::to_string(1 + i % 2)};
    for (int j = 0; j < n; ++j) {
      record.responses.push_back({.response = {.tokens = 10, .truncated = i == 0},
                                  .reward = i < 1 + j ? 1.0 : 0.0,
                                  .formatted = i < 3});
    }
    tally.Add(record);
  }
  evaluation::Evaluated evaluated = {.results = tally.Summarise({benchmark}), .questions = tally.questions()};
  evaluated.settings.prompt_template.name = "r1";
  return evaluated;
}

TEST(EvalText, ProgressAndTimeLeft) {
  evaluation::Progress progress = {.questions = 100, .questions_done = 20, .questions_before = 20};
  EXPECT_EQ(ProgressText(progress, absl::Seconds(5)), "20 of 100 questions");
  progress = {.questions = 100,
              .questions_done = 30,
              .questions_before = 20,
              .responses = 60,
              .correct = 15,
              .tokens = 6000};
  EXPECT_EQ(ProgressText(progress, absl::Seconds(10)),
            "30 of 100 questions, 25.0 % right, 100 tokens a response, 1:10 left");
}

TEST(EvalText, TheTable) {
  const std::string text = ResultsText(Sample("amc", 2));
  EXPECT_THAT(text, HasSubstr("benchmark  questions  accuracy"));
  EXPECT_THAT(text, HasSubstr("pass@2"));
  EXPECT_THAT(text, HasSubstr("37.5 %"));
  EXPECT_THAT(text, HasSubstr("amc, level 1  2  "));
  EXPECT_THAT(text, Not(HasSubstr("mean of")));
}

TEST(EvalText, PublishedScoresStandBeside) {
  const std::string text = PublishedText(Sample("amc", 1));
  EXPECT_THAT(text, HasSubstr("Oat-Zero-7B"));
  EXPECT_THAT(text, HasSubstr("62.7 %"));
  EXPECT_THAT(text, HasSubstr("this evaluation"));
  EXPECT_THAT(text, HasSubstr("Source: Liu et al."));
  EXPECT_EQ(PublishedText(Sample("my_own", 1)), "");
}

TEST(EvalText, AComparison) {
  const auto a = Sample("amc", 1), b = Sample("amc", 2);
  const std::string text = ComparisonText(*evaluation::Compare(a.questions, b.questions));
  EXPECT_THAT(text, HasSubstr("25.0 %"));
  EXPECT_THAT(text, HasSubstr("+12.5"));
  EXPECT_THAT(text, HasSubstr("permutation_exact"));
}

}  // namespace
}  // namespace drover::cli
