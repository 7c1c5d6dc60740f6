#include "analysis/exploration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "plot/testing/svg_reader.h"

namespace drover::analysis {
namespace {

// Questions with so many right of `n` responses each.
std::vector<Sample> Samples(const std::vector<int>& right, int n) {
  std::vector<Sample> samples;
  for (size_t question = 0; question < right.size(); ++question) {
    for (int i = 0; i < n; ++i)
      samples.push_back({"", absl::StrCat("q", question), "", "", i < right[question], 10});
  }
  return samples;
}

TEST(ExplorationTest, PassAtKIsTheMeanOfTheUnbiasedEstimates) {
  // Of 10 responses 0, 1, 10 right: 1 - C(10-c, 8) / C(10, 8) = 0, 1 - 9/45, 1.
  const ExplorationPoint point = MeasurePoint("r1", 0.6, 8, Samples({0, 1, 10}, 10));
  EXPECT_EQ(point.questions, 3u);
  EXPECT_EQ(point.n, 10u);
  EXPECT_NEAR(point.pass_at_k, (0 + 0.8 + 1) / 3, 1e-12);
  EXPECT_NEAR(point.mean_at_k.share, 11 / 30.0, 1e-12);
  EXPECT_LT(point.interval.low, point.pass_at_k);
  EXPECT_GT(point.interval.high, point.pass_at_k);
}

TEST(ExplorationTest, NothingFoundIsNotCertainlyNothing) {
  const ExplorationPoint point = MeasurePoint("r1", 0.6, 8, Samples({0, 0, 0, 0, 0, 0}, 8));
  EXPECT_EQ(point.pass_at_k, 0);
  EXPECT_NEAR(point.interval.high, 0.390, 0.001);  // Wilson's of 0 of 6
}

TEST(ExplorationTest, ReportJsonAndPlots) {
  ExplorationResults results{.model = "tiny", .settings = {{"n", 8}}};
  for (const char* name : {"r1", "none"}) {
    for (double temperature : {0.2, 1.0}) {
      results.points.push_back(MeasurePoint(name, temperature, 8, Samples({0, 1, 8, 3}, 8)));
    }
  }
  const auto json = ToJson(results);
  ASSERT_EQ(json["points"].size(), 4u);
  EXPECT_EQ(json["points"][3]["template"], "none");
  EXPECT_EQ(json["points"][3]["temperature"], 1.0);
  EXPECT_DOUBLE_EQ(json["points"][0]["pass_at_k"].get<double>(), 0.75);
  EXPECT_THAT(ToMarkdown(results), ::testing::HasSubstr("| r1 | 0.2 | 4 | 8 | 75.0 % ["));
  for (const std::string& svg : {ExplorationSvg(results), AccuracySvg(results)}) {
    EXPECT_TRUE(plot::testing::IsWellFormed(svg));
    EXPECT_EQ(plot::testing::Count(svg, "band\" d="), 2u);
  }
}

TEST(ExplorationTest, OneQuestionAndNoneAreReports) {
  for (const std::vector<int>& right : {std::vector<int>{1}, std::vector<int>{}}) {
    ExplorationResults results{.model = "tiny", .points = {MeasurePoint("r1", 0, 1, Samples(right, 1))}};
    EXPECT_TRUE(plot::testing::IsWellFormed(ExplorationSvg(results)));
    EXPECT_TRUE(nlohmann::json::accept(ToJson(results).dump()));
    EXPECT_EQ(ToMarkdown(results).find("nan"), std::string::npos);
  }
}

}  // namespace
}  // namespace drover::analysis
