// Accuracy on the gathered cases, where they are: the bars of docs/results/verifier.md.
#include <gtest/gtest.h>

#include <fstream>

#include "verifier/score.h"

namespace drover::verifier {
namespace {

Score ScoreFile(const std::string& name) {
  std::vector<ScoreCase> cases;
  std::string error;
  EXPECT_TRUE(ReadCases("../shared/verifier/" + name, RewardFormat::kBoxed, &cases, &error)) << error;
  return RunScore(cases, {}, /*seconds=*/0);
}

class SharedCases : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::ifstream("../shared/verifier/pairs.jsonl")) GTEST_SKIP() << "skipped: no data";
  }
};

TEST_F(SharedCases, PairsByConstruction) {
  const Score score = ScoreFile("pairs.jsonl");
  Tally math;
  for (const auto& [kind, tally] : score.kinds) {
    if (kind.rfind("math/", 0) != 0) continue;
    math.cases += tally.cases;
    math.false_positives += tally.false_positives;
    math.false_negatives += tally.false_negatives;
  }
  EXPECT_EQ(math.false_positives, 0);
  EXPECT_LT(math.false_negatives * 100, math.cases) << testing::PrintToString(score.mistakes);
}

TEST_F(SharedCases, RealResponses) { EXPECT_TRUE(ScoreFile("real_responses.jsonl").mistakes.empty()); }

// Public reports of wrong grades, and answers that a policy after the reward would try.
TEST_F(SharedCases, OutsideCases) {
  for (const std::string& mistake : ScoreFile("outside_cases.jsonl").mistakes) ADD_FAILURE() << mistake;
}

// docs/results/verifier.md names the cases whose expectation is a convention of their suite or wrong.
TEST_F(SharedCases, PublicSuites) {
  EXPECT_LE(ScoreFile("math_verify_cases.jsonl").mistakes.size(), 5u);  // mv-0033, -0105, -0107, -0108, -0262
  EXPECT_LE(ScoreFile("lighteval_cases.jsonl").mistakes.size(), 2u);    // lighteval-0027, -0129
  EXPECT_LE(ScoreFile("hendrycks_math_cases.jsonl").mistakes.size(), 1u);  // hendrycks_math-0009
  EXPECT_EQ(ScoreFile("nemo_skills_cases.jsonl").mistakes.size(), 0u);
  EXPECT_EQ(ScoreFile("mv_issues_cases.jsonl").mistakes.size(), 0u);
  EXPECT_LE(ScoreFile("hostile.jsonl").mistakes.size(), 1u);  // h125
}

}  // namespace
}  // namespace drover::verifier
