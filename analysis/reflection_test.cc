#include "analysis/reflection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "plot/testing/svg_reader.h"

namespace drover::analysis {
namespace {

using ::testing::HasSubstr;

// Two questions with two responses, one with one.
std::vector<Sample> Samples() {
  return {{"q0#0", "q0", "", "Let me double-check this.", true, 100},
          {"q0#1", "q0", "", "It is 2.", false, 10},
          {"q1#0", "q1", "", "Wait, recheck. Let us double-check, too.", false, 200},
          {"q1#1", "q1", "", "It is 3.", true, 20},
          {"q2#0", "q2", "", "It is 4.", true, 30}};
}

Judgement Says(size_t category) { return {category, ReflectionTask().verdicts[category]}; }

TEST(ReflectionTest, KeywordsAtBothLevels) {
  const ReflectionGroup group = MeasureReflection(0.6, Samples(), {});
  EXPECT_DOUBLE_EQ(group.by_keywords.responses.share, 0.4);
  EXPECT_EQ(group.by_keywords.questions, 2u);
  EXPECT_EQ(group.by_keywords.of, 3u);
  EXPECT_EQ(group.keyword_counts[0], 1u);   // recheck
  EXPECT_EQ(group.keyword_counts[10], 2u);  // double-check
  EXPECT_FALSE(group.by_judge.has_value());
}

TEST(ReflectionTest, AccuracyWithAndWithout) {
  const WithAndWithout compared = MeasureReflection(0, Samples(), {}).keywords_accuracy;
  EXPECT_EQ(compared.with, 2u);
  EXPECT_EQ(compared.without, 3u);
  EXPECT_NEAR(compared.difference, 1 / 2.0 - 2 / 3.0, 1e-12);
  EXPECT_EQ(compared.both_kinds, 2u);
  EXPECT_NEAR(compared.within, ((1 - 0) + (0 - 1)) / 2.0, 1e-12);
  EXPECT_NEAR(compared.tokens_with, 150, 1e-12);
  EXPECT_NEAR(compared.tokens_without, 20, 1e-12);
}

TEST(ReflectionTest, TheJudgeAndItsIntersectionWithKeywords) {
  const std::vector<Judgement> judgements = {
      Says(kReflects), Says(kReflects), Says(kSolves), Says(kOffTopicCategory), {std::nullopt, "2"}};
  const ReflectionGroup group = MeasureReflection(0, Samples(), judgements);
  EXPECT_EQ(group.not_understood, 1u);
  EXPECT_EQ(group.categories, (std::array<uint64_t, 4>{1, 1, 2, 0}));
  EXPECT_DOUBLE_EQ(group.by_judge->responses.share, 0.5);
  EXPECT_DOUBLE_EQ(group.by_both->responses.share, 0.25);
  EXPECT_EQ(group.by_judge->questions, 1u);
  EXPECT_EQ(group.by_judge->of, 2u);  // questions that it was understood about
  EXPECT_EQ(group.judge_accuracy->with, 2u);
}

TEST(ReflectionTest, NoReflectionAtAllIsNoDifference) {
  const std::vector<Sample> none(3, {"", "q", "", "plain", true, 5});
  const ReflectionGroup group = MeasureReflection(0, none, {});
  EXPECT_EQ(group.by_keywords.responses.share, 0);
  EXPECT_TRUE(std::isnan(group.keywords_accuracy.difference));
  const ReflectionResults results{.model = "m", .groups = {group}};
  const auto json = ToJson(results);
  EXPECT_TRUE(json["groups"][0]["keywords_accuracy"]["difference"].is_null());
  EXPECT_TRUE(json["groups"][0]["keywords_accuracy"]["accuracy_with"].is_null());
  EXPECT_THAT(ToMarkdown(results), HasSubstr("no response"));
  EXPECT_EQ(ToMarkdown(results).find("nan"), std::string::npos);
}

TEST(ReflectionTest, ReportJsonAndPlots) {
  const std::vector<Judgement> judgements(5, Says(kReflects));
  ReflectionResults results{.model = "m", .settings = {{"n", 2}}, .axis = "step", .judge = "j"};
  for (double step : {0, 10}) results.groups.push_back(MeasureReflection(step, Samples(), judgements));
  const auto json = ToJson(results);
  EXPECT_EQ(json["groups"][1]["step"], 10);
  EXPECT_EQ(json["groups"][1]["judge"]["categories"]["REFLECTS"], 5);
  EXPECT_EQ(json["groups"][0]["keyword_counts"]["double-check"], 2);
  const std::string report = ToMarkdown(results);
  EXPECT_THAT(report, HasSubstr("| 10 | 5 | both |"));
  EXPECT_THAT(report, HasSubstr("| double-check | 2 | 2 |"));
  for (const auto& [name, svg] : ReflectionPlots(results)) {
    EXPECT_TRUE(plot::testing::IsWellFormed(svg)) << name;
    EXPECT_THAT(report, HasSubstr("(" + name + ")"));
  }
}

// Over a run all plots are curves with bands; at temperatures accuracy is bars.
TEST(ReflectionTest, OverStepsAccuracyIsALineWithItsInterval) {
  ReflectionResults results{.model = "m", .axis = "step"};
  for (double step : {10, 20, 40}) results.groups.push_back(MeasureReflection(step, Samples(), {}));
  for (const auto& [name, svg] : ReflectionPlots(results)) {
    EXPECT_TRUE(plot::testing::IsWellFormed(svg)) << name;
    EXPECT_EQ(plot::testing::Count(svg, "band\" d="), name == "reflection_accuracy.svg" ? 2u : 1u) << name;
  }
  results.axis = "temperature";
  const std::string bars = ReflectionPlots(results).at("reflection_accuracy.svg");
  EXPECT_EQ(plot::testing::Count(bars, "class=\"c0 bar\""), 4u);  // three and the legend's
  EXPECT_EQ(plot::testing::Count(bars, "band\" d="), 0u);
}

TEST(ReflectionTest, NothingIsAReport) {
  const ReflectionResults results{.model = "m", .groups = {MeasureReflection(0, {}, {})}};
  EXPECT_TRUE(nlohmann::json::accept(ToJson(results).dump()));
  EXPECT_EQ(ToMarkdown(results).find("nan"), std::string::npos);
  for (const auto& [name, svg] : ReflectionPlots(results))
    EXPECT_TRUE(plot::testing::IsWellFormed(svg)) << name;
}

}  // namespace
}  // namespace drover::analysis
