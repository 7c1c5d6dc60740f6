#include "study/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "study/charts.h"

namespace drover::study {
namespace {

using ::testing::HasSubstr;

FinishedRun Run(int arm, uint32_t seed, double reward) {
  FinishedRun run;
  run.plan.name = "run";
  run.plan.arm = arm;
  run.plan.seed = seed;
  for (int i = 0; i < 10; ++i) run.record.metrics.push_back({{"step", i + 1}, {"reward", reward}});
  return run;
}

StudyResult Rewards(const std::vector<double>& a, const std::vector<double>& b) {
  StudyResult result;
  result.definition.name = "s";
  result.definition.study = ParseStudy(R"(
      title: "More | of it" about: "About." recipe: "arithmetic" alpha: 0.05
      arms { name: "a" label: "A" } arms { name: "b" }
      full { seeds: 3 } quick { seeds: 2 }
      groups { name: "g" rewards: [1, 0] lengths: [4, 8] }
      weight_claims { name: "w" statement: "W" arm: "a" first { group: "g" responses: 0 } second { group: "g" responses: 1 }
                      per_token: true expect: AT_LEAST counts: 0.5 }
      run_claims { name: "r" statement: "A is more" measure: FINAL_REWARD terms { arm: "a" weight: 1 } terms { arm: "b" weight: -1 }
                   expect: AT_LEAST counts: 0.1 }
      curves: "reward")")
                                .value();
  for (size_t i = 0; i < a.size(); ++i) result.runs.push_back(Run(0, static_cast<uint32_t>(i + 1), a[i]));
  for (size_t i = 0; i < b.size(); ++i) result.runs.push_back(Run(1, static_cast<uint32_t>(i + 1), b[i]));
  result.weights["a"]["g"] = {{0.5, -0.5}, {0.04, -0.02}};
  Conclude(result);
  return result;
}

TEST(Conclude, ReproducedWhereAllClaimsAre) {
  const StudyResult result = Rewards({0.8, 0.82, 0.81}, {0.5, 0.52, 0.5});
  EXPECT_EQ(result.verdict, Verdict::kReproduced);
  const Json json = Json::parse(ToJson(result));
  EXPECT_EQ(json["study"], "s");
  EXPECT_EQ(json["verdict"], "reproduced");
  EXPECT_EQ(json["seeds"], 3);
  EXPECT_NEAR(json["effect"].get<double>(), 0.30333, 1e-4);
  EXPECT_EQ(json["interval"].size(), 2u);
  EXPECT_GT(json["power"].get<double>(), 0.9);
  EXPECT_EQ(json["claims"].size(), 2u);
  EXPECT_EQ(json["claims"][0]["p"], nullptr);
  EXPECT_EQ(json["runs"].size(), 6u);
  EXPECT_EQ(json["runs"][0]["measures"]["final reward"], 0.8);
  EXPECT_EQ(json["weights"]["a"]["g"]["token_weights"][1], -0.02);
}

TEST(Conclude, ANullResultSaysWhatItCouldHaveFound) {
  const StudyResult result = Rewards({0.5, 0.51, 0.5}, {0.5, 0.5, 0.52});
  EXPECT_EQ(result.verdict, Verdict::kNotReproduced);
  EXPECT_THAT(ToMarkdown(result, {}), HasSubstr("would have been found with a chance of"));
}

TEST(ToJson, NumbersThatAreNotFiniteAreNull) {
  const Json json = Json::parse(ToJson(Rewards({0.5}, {})));
  EXPECT_EQ(json["verdict"], "inconclusive");
  EXPECT_EQ(json["claims"][1]["effect"], nullptr);
  EXPECT_EQ(json["claims"][1]["interval"][0], nullptr);
}

TEST(ToMarkdown, HoldsWhatAReaderNeedsToRepeatIt) {
  StudyResult result = Rewards({0.8, 0.82, 0.81}, {0.5, 0.52, 0.5});
  result.command = "drover study s --out x";
  const std::string report = ToMarkdown(result, {{"c.svg", "a chart"}});
  for (const char* part :
       {"Verdict: **reproduced**", "A is more", "![a chart](c.svg)", "drover study s --out x", "| A | 0.81 [",
        "| a | g | 0 | 8 | -0.5 | -0.02 | -0.16 |"}) {
    EXPECT_THAT(report, HasSubstr(part));
  }
}

TEST(Charts, ABarChartAMeasureAndALineChartACurve) {
  const std::vector<Chart> charts = Charts(Rewards({0.8, 0.82, 0.81}, {0.5, 0.52, 0.5}));
  ASSERT_EQ(charts.size(), 2u);
  EXPECT_EQ(charts[0].file, "final-reward.svg");
  EXPECT_EQ(charts[1].file, "curve-reward.svg");
  for (const Chart& chart : charts) EXPECT_THAT(chart.svg, HasSubstr("</svg>"));
}

}  // namespace
}  // namespace drover::study
