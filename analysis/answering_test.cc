#include "analysis/answering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plot/testing/svg_reader.h"

namespace drover::analysis {
namespace {

using ::testing::HasSubstr;

std::vector<Sample> Samples() {
  return {{"t/q0#0", "q0", "1 + 1 = ?", "It is 1 + 1 = 2.", true, 10},
          {"t/q1#0", "q1", "2 + 2 = ?", "User: What is 3?", false, 20},
          {"t/q2#0", "q2", "3 + 3 = ?", "7", false, 3},
          {"t/q3#0", "q3", "4 + 4 = ?", "", false, 0}};
}

std::vector<Judgement> Judgements() {
  return {{kJudgedAnswers, "ANSWERS"},
          {kJudgedContinues, "CONTINUES"},
          {kJudgedContinues, "CONTINUES"},
          {std::nullopt, "hm"}};
}

TEST(AnsweringTest, ATemplateByRulesAndJudge) {
  const JudgedBy judged{"j", Judgements()};
  const TemplateAnswering measured = MeasureTemplate("r1", Samples(), &judged);
  EXPECT_DOUBLE_EQ(measured.answers.share, 0.5);
  EXPECT_DOUBLE_EQ(measured.accuracy.share, 0.25);
  EXPECT_DOUBLE_EQ(measured.tokens, 33 / 4.0);
  EXPECT_EQ(measured.rules.at(AnswerRule::kNextTurn), 1u);
  ASSERT_TRUE(measured.judge.has_value());
  EXPECT_EQ(measured.judge->understood, 3u);
  EXPECT_EQ(measured.judge->not_understood, 1u);
  EXPECT_NEAR(measured.judge->answers.share, 1 / 3.0, 1e-12);
  const Agreement agreement = RulesAndJudge(Samples(), judged.judgements);
  EXPECT_EQ(agreement.total, 3u);
  EXPECT_EQ(agreement.counts, (std::vector<std::vector<uint64_t>>{{1, 1}, {0, 1}}));
}

AnsweringResults Results(bool with_judge) {
  const JudgedBy judged{"judge|model", Judgements()};
  AnsweringResults results{.model = "tiny <model>", .settings = {{"limit", 4}}};
  results.templates = {MeasureTemplate("r1", Samples(), with_judge ? &judged : nullptr),
                       MeasureTemplate("none", Samples(), with_judge ? &judged : nullptr)};
  if (with_judge) {
    results.judge = judged.judge;
    results.rules_judge = RulesAndJudge(Samples(), judged.judgements);
  }
  return results;
}

TEST(AnsweringTest, TheReportHasNumbersAgreementAndExamples) {
  const std::string report = ToMarkdown(Results(true));
  EXPECT_THAT(report, HasSubstr("| r1 | 4 | 50.0 % ["));
  EXPECT_THAT(report, HasSubstr("Cohen's kappa"));
  EXPECT_THAT(report, HasSubstr("| next turn | continues | 1 | 1 |"));
  EXPECT_THAT(report, HasSubstr("User: What is 3?"));
  EXPECT_THAT(report, HasSubstr("(answering.svg)"));
  const std::string alone = ToMarkdown(Results(false));
  EXPECT_THAT(alone, ::testing::Not(HasSubstr("by the judge")));
}

// What such a judge found is not 0 %.
TEST(AnsweringTest, AJudgeThatIsNeverUnderstoodSaysNothing) {
  const JudgedBy judged{"j", std::vector<Judgement>(Samples().size(), {std::nullopt, "The answer is 4."})};
  AnsweringResults results{.judge = judged.judge};
  results.templates = {MeasureTemplate("r1", Samples(), &judged)};
  results.rules_judge = RulesAndJudge(Samples(), judged.judgements);
  const std::string report = ToMarkdown(results);
  EXPECT_THAT(report, HasSubstr(" | – | 4 | "));
  EXPECT_THAT(report, HasSubstr("Agreed on – of 0; Cohen's kappa –."));
  const auto json = ToJson(results);
  EXPECT_TRUE(json["templates"]["r1"]["judge"]["share"].is_null());
  EXPECT_TRUE(json["templates"]["r1"]["judge"]["interval"].is_null());
  EXPECT_EQ(json["templates"]["r1"]["judge"]["not_understood"], 4);
  EXPECT_TRUE(json["agreement"]["rules_judge"]["agreed"].is_null());
}

TEST(AnsweringTest, JsonAndPlot) {
  const auto json = ToJson(Results(true));
  EXPECT_EQ(json["templates"]["r1"]["answers"]["share"], 0.5);
  EXPECT_EQ(json["templates"]["none"]["judge"]["not_understood"], 1);
  EXPECT_EQ(json["agreement"]["rules_judge"]["responses"], 3);
  EXPECT_EQ(json["agreement"]["labels_rules"]["responses"], 102);
  EXPECT_TRUE(json["agreement"]["labels_judge"].is_null());
  EXPECT_TRUE(ToJson(Results(false))["judge"].is_null());
  for (bool judge : {false, true}) {
    const std::string svg = AnsweringSvg(Results(judge));
    EXPECT_TRUE(plot::testing::IsWellFormed(svg));
    EXPECT_EQ(plot::testing::Count(svg, "c1 bar"), judge ? 3u : 0u);  // two and the legend's
  }
}

}  // namespace
}  // namespace drover::analysis
