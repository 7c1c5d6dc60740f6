#include "study/judge.h"

#include <gtest/gtest.h>

#include <cmath>

namespace drover::study {
namespace {

using statistics::Interval;

TEST(Judge, WhatIsExpectedToBeThere) {
  EXPECT_EQ(Judge(v1::AT_LEAST, 5, Interval{2, 8}, 3), Verdict::kReproduced);
  EXPECT_EQ(Judge(v1::AT_LEAST, 5, Interval{-1, 11}, 3), Verdict::kInconclusive);  // may be chance
  EXPECT_EQ(Judge(v1::AT_LEAST, 2, Interval{1, 4}, 3),
            Verdict::kInconclusive);  // there, and may be as large as counts
  EXPECT_EQ(Judge(v1::AT_LEAST, 2, Interval{1.5, 2.5}, 3),
            Verdict::kNotReproduced);  // there, and too small to count
  EXPECT_EQ(Judge(v1::AT_LEAST, 0, Interval{-2, 2}, 3), Verdict::kNotReproduced);
  EXPECT_EQ(Judge(v1::AT_LEAST, -5, Interval{-8, -2}, 3), Verdict::kNotReproduced);
}

TEST(Judge, WhatIsExpectedToBeMissing) {
  EXPECT_EQ(Judge(v1::LESS, 0, Interval{-2, 2}, 3), Verdict::kReproduced);
  EXPECT_EQ(Judge(v1::LESS, 0, Interval{-4, 4}, 3), Verdict::kInconclusive);
  EXPECT_EQ(Judge(v1::LESS, 5, Interval{2, 8}, 3), Verdict::kNotReproduced);
  EXPECT_EQ(Judge(v1::LESS, 2, Interval{1, 4}, 3), Verdict::kInconclusive);
}

v1::RunClaim Difference(double counts) {
  v1::RunClaim claim;
  claim.set_name("c");
  claim.set_measure(v1::INCORRECT_LENGTH_GROWTH);
  claim.set_expect(v1::AT_LEAST);
  claim.set_counts(counts);
  v1::StudyTerm* more = claim.add_terms();
  more->set_arm("a");
  more->set_weight(1);
  v1::StudyTerm* less = claim.add_terms();
  less->set_arm("b");
  less->set_weight(-1);
  return claim;
}

// Differences 1, 2, 3: mean 2, sd 1, t(2) of 0.975 = 4.302653, half width 4.302653 / sqrt(3) = 2.484.
TEST(JudgeRuns, IsThePairedTTest) {
  const Judgement judged = JudgeRuns(Difference(1), {{"a", {2, 4, 6}}, {"b", {1, 2, 3}}}, 0.05);
  EXPECT_DOUBLE_EQ(judged.effect, 2);
  EXPECT_NEAR(judged.interval.low, 2 - 2.48414, 1e-4);
  EXPECT_NEAR(judged.interval.high, 2 + 2.48414, 1e-4);
  EXPECT_NEAR(*judged.p, 0.0741799, 1e-6);  // scipy 1.17.1: stats.ttest_1samp([1, 2, 3], 0).pvalue
  EXPECT_EQ(judged.verdict, Verdict::kInconclusive);
  EXPECT_EQ(judged.seeds, 3u);
  // statsmodels (scipy 1.17.1): TTestPower().power(1, 3, 0.05), and .solve_power(None, 3, 0.05, 0.8)
  EXPECT_NEAR(*judged.power, 0.1792554, 1e-6);
  EXPECT_NEAR(*judged.smallest_detectable, 3.2640436, 1e-4);
}

// Three seeds' t would go on to 1.4 on one side and below 0 on the other.
TEST(JudgeRuns, AnIntervalIsOfWhatCanBe) {
  v1::RunClaim claim = Difference(0.1);
  claim.set_measure(v1::ACCURACY_AFTER);
  const Judgement difference = JudgeRuns(claim, {{"a", {0.9, 1, 0.2}}, {"b", {0, 0, 0}}}, 0.05);
  EXPECT_EQ(difference.interval.high, 1);
  EXPECT_LT(difference.interval.low, 0) << "b may be ahead";
  claim.mutable_terms()->RemoveLast();
  const Judgement share = JudgeRuns(claim, {{"a", {0.9, 1, 0.2}}}, 0.05);
  EXPECT_EQ(share.interval.low, 0);
  EXPECT_EQ(share.interval.high, 1);
}

TEST(JudgeRuns, ASeedWithoutAMeasureIsLeftOut) {
  const Judgement judged =
      JudgeRuns(Difference(1), {{"a", {2, std::nullopt, 6, 4}}, {"b", {1, 2, 3, std::nullopt}}}, 0.05);
  EXPECT_EQ(judged.seeds, 2u);
  EXPECT_DOUBLE_EQ(judged.effect, 2);
}

TEST(JudgeRuns, OneSeedOrNoneIsInconclusive) {
  const Judgement one = JudgeRuns(Difference(1), {{"a", {5}}, {"b", {1}}}, 0.05);
  EXPECT_EQ(one.verdict, Verdict::kInconclusive);
  EXPECT_FALSE(one.power.has_value());
  const Judgement none = JudgeRuns(Difference(1), {{"a", {}}}, 0.05);
  EXPECT_EQ(none.verdict, Verdict::kInconclusive);
  EXPECT_TRUE(std::isnan(none.effect));
}

TEST(JudgeRuns, WithoutSpreadTheDifferenceIsCertain) {
  const Judgement judged = JudgeRuns(Difference(1), {{"a", {3, 3, 3}}, {"b", {1, 1, 1}}}, 0.05);
  EXPECT_EQ(judged.verdict, Verdict::kReproduced);
  EXPECT_EQ(*judged.power, 1);
  EXPECT_EQ(*judged.smallest_detectable, 0);
}

v1::Study WithGroups() {
  v1::Study study;
  v1::StudyGroup* group = study.add_groups();
  group->set_name("g");
  for (const double reward : {1.0, 0.0, 0.0}) group->add_rewards(reward);
  for (const uint32_t length : {10, 10, 40}) group->add_lengths(length);
  return study;
}

v1::WeightClaim Between(std::vector<uint32_t> first, std::vector<uint32_t> second, bool per_token) {
  v1::WeightClaim claim;
  claim.set_name("w");
  claim.mutable_first()->set_group("g");
  claim.mutable_second()->set_group("g");
  for (const uint32_t response : first) claim.mutable_first()->add_responses(response);
  for (const uint32_t response : second) claim.mutable_second()->add_responses(response);
  claim.set_per_token(per_token);
  claim.set_expect(v1::AT_LEAST);
  claim.set_counts(1);
  return claim;
}

TEST(JudgeWeights, IsTheLogOfTheRatio) {
  const WeightsByGroup weights = {{"g", {{0.6, -0.3, -0.3}, {0.06, -0.04, -0.01}}}};
  const Judgement token = JudgeWeights(Between({2}, {1}, true), WithGroups(), weights);
  EXPECT_NEAR(token.effect, std::log(4), 1e-12);
  EXPECT_EQ(token.verdict, Verdict::kReproduced);
  const Judgement response = JudgeWeights(Between({2}, {1}, false), WithGroups(), weights);
  EXPECT_NEAR(response.effect, 0, 1e-12);
  EXPECT_EQ(response.verdict, Verdict::kNotReproduced);
  const Judgement all = JudgeWeights(Between({}, {0}, false), WithGroups(), weights);
  EXPECT_NEAR(all.effect, std::log((0.6 + 0.4 + 0.4) / 0.6), 1e-12);
}

TEST(JudgeWeights, OfWeightsThatAreAllZeroIsInconclusive) {
  const WeightsByGroup weights = {{"g", {{0, 0, 0}, {0, 0, 0}}}};
  EXPECT_EQ(JudgeWeights(Between({2}, {1}, true), WithGroups(), weights).verdict, Verdict::kInconclusive);
}

Judgement Of(Verdict verdict, bool secondary = false) {
  Judgement judgement;
  judgement.verdict = verdict;
  judgement.secondary = secondary;
  return judgement;
}

TEST(StudyVerdict, IsThatOfItsWeakestClaim) {
  EXPECT_EQ(StudyVerdict({Of(Verdict::kReproduced), Of(Verdict::kReproduced)}), Verdict::kReproduced);
  EXPECT_EQ(StudyVerdict({Of(Verdict::kReproduced), Of(Verdict::kInconclusive)}), Verdict::kInconclusive);
  EXPECT_EQ(StudyVerdict({Of(Verdict::kInconclusive), Of(Verdict::kNotReproduced)}), Verdict::kNotReproduced);
  EXPECT_EQ(StudyVerdict({Of(Verdict::kReproduced), Of(Verdict::kNotReproduced, /*secondary=*/true)}),
            Verdict::kReproduced);
}

}  // namespace
}  // namespace drover::study
