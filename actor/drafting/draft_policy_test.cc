#include "actor/drafting/draft_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace drover::actor {
namespace {

using ::testing::ElementsAre;

using Offer = DraftPolicy::Offer;

// Guesses with `match` tokens in common: so many tried, every `one_in`-th wrong.
void Teach(DraftPolicy& policy, int32_t match, int tried, int one_in) {
  for (int i = 0; i < tried; ++i) policy.Learn({match, 1}, 1, (i + 1) % one_in == 0 ? 0 : 1);
}

TEST(DraftPolicy, ALoneResponseIsDraftedForAndAFullBatchIsNot) {
  const DraftPolicy policy;
  EXPECT_TRUE(policy.MayPay(1));
  EXPECT_FALSE(policy.MayPay(64)) << "64 of 72 parts of the cost are the rows' own";
  EXPECT_GT(policy.Choose(1, {{8, 16}})[0], 1);
  EXPECT_THAT(policy.Choose(64, {{8, 16}}), ElementsAre(0));
  EXPECT_THAT(policy.Choose(1, {{3, 0}}), ElementsAre(0));
}

// T(rows) = 8 + rows: a guess of chance 0.5 x 0.6 x 0.7 ... before the first pass, worth 1 token and 9 of cost.
TEST(DraftPolicy, GuessesAreTakenWhileTokensASecondGoUp) {
  const DraftPolicy policy;
  EXPECT_DOUBLE_EQ(policy.CostOfRow(1), 1.0 / 9);
  double worth = 1.0, cost = 1.0, chance = 1.0;
  int32_t wanted = 0;
  for (int32_t match = 3;; ++match) {
    chance *= policy.Chance(match);
    if (chance <= 1.2 * worth / 9 / cost) break;
    EXPECT_GT((worth + chance) / (cost + 1.0 / 9), worth / cost);
    worth += chance;
    cost += 1.0 / 9;
    ++wanted;
  }
  EXPECT_GT(wanted, 1);
  EXPECT_LT(wanted, 16);
  EXPECT_THAT(policy.Choose(1, {{3, 16}}), ElementsAre(wanted));
  EXPECT_THAT(policy.Choose(1, {{3, 1}}), ElementsAre(1)) << "there are no more";
}

TEST(DraftPolicy, TheLikeliestComeFirst) {
  DraftPolicy policy;
  Teach(policy, 1, 200, 2);
  for (int32_t match = 9; match <= kLongestMatch; ++match) Teach(policy, match, 2000, 1000);
  const std::vector<int32_t> chosen = policy.Choose(8, {{1, 16}, {9, 16}, {1, 16}, {9, 3}});
  EXPECT_EQ(chosen[0], 0) << "one half, where a row costs half of what a token does";
  EXPECT_GT(chosen[1], 8);
  EXPECT_EQ(chosen[2], 0);
  EXPECT_EQ(chosen[3], 3);
}

TEST(DraftPolicy, ChancesAreThoseSeenAndAreForgotten) {
  DraftPolicy policy;
  const double before = policy.Chance(2);
  Teach(policy, 2, 1000, 4);
  EXPECT_NEAR(policy.Chance(2), 0.75, 0.05);
  EXPECT_EQ(policy.Chance(3), DraftPolicy().Chance(3)) << "of another kind";
  // Three are right, the fourth is not, the fifth says nothing.
  DraftPolicy one;
  one.Learn({2, 5}, 5, 3);
  for (int32_t match = 2; match <= 4; ++match) EXPECT_GT(one.Chance(match), DraftPolicy().Chance(match));
  EXPECT_LT(one.Chance(5), DraftPolicy().Chance(5));
  EXPECT_EQ(one.Chance(6), DraftPolicy().Chance(6));
  for (int pass = 0; pass < 20000; ++pass) policy.Time(1, 0.01);
  EXPECT_NEAR(policy.Chance(2), before, 0.02);
}

TEST(DraftPolicy, WrongGuessesAreGivenUpAndTriedAgainLater) {
  DraftPolicy policy;
  for (int32_t match = 1; match <= kLongestMatch; ++match) Teach(policy, match, 1000, 1);  // all wrong
  EXPECT_FALSE(policy.MayPay(1));
  EXPECT_THAT(policy.Choose(1, {{5, 16}}), ElementsAre(0));
  for (int pass = 0; pass < 20000; ++pass) policy.Time(1, 0.01);
  EXPECT_TRUE(policy.MayPay(1));
}

TEST(DraftPolicy, TheCostOfARowIsMeasured) {
  for (const double fixed : {2.0, 30.0}) {
    DraftPolicy policy;
    RandomStream random(1, RandomPurpose::kQuestions, 0);
    for (int pass = 0; pass < 500; ++pass) {
      const auto rows = static_cast<int64_t>(1 + random.Below(8));
      policy.Time(rows, (fixed + static_cast<double>(rows)) * 1e-3 * (0.97 + 0.06 * random.Uniform()));
    }
    EXPECT_NEAR(policy.CostOfRow(1), 1.0 / (fixed + 1), 0.15 / (fixed + 1)) << fixed;
    EXPECT_NEAR(policy.CostOfRow(8), 1.0 / (fixed + 8), 0.15 / (fixed + 8)) << fixed;
  }
}

TEST(DraftPolicy, PassesOfOneSizeLeaveItToWhatIsGranted) {
  DraftPolicy policy;
  for (int pass = 0; pass < 500; ++pass) policy.Time(8, 0.02);
  EXPECT_NEAR(policy.CostOfRow(8), 1.0 / 16, 1e-9);
}

TEST(DraftPolicy, APassThatWasHeldUpSpoilsNothing) {
  DraftPolicy policy;
  for (int pass = 0; pass < 200; ++pass) policy.Time(1 + pass % 4, 0.010 + 0.001 * (pass % 4));
  const double before = policy.CostOfRow(1);
  policy.Time(4, 60.0);
  EXPECT_LT(policy.CostOfRow(1), 0.5);
  for (int pass = 0; pass < 300; ++pass) policy.Time(1 + pass % 4, 0.010 + 0.001 * (pass % 4));
  EXPECT_NEAR(policy.CostOfRow(1), before, 0.3 * before);
}

// Passes that seem cheaper the more they work on: noise.
TEST(DraftPolicy, WithoutAMarginEveryGuessPays) {
  DraftPolicy policy(/*margin=*/0.0);
  for (int32_t match = 1; match <= kLongestMatch; ++match) Teach(policy, match, 1000, 1);
  EXPECT_TRUE(policy.MayPay(1000));
  EXPECT_THAT(policy.Choose(1000, {{1, 5}, {2, 30}}), ElementsAre(5, DraftPolicy::kMostDrafts));
}

TEST(DraftPolicy, NoRowIsFree) {
  DraftPolicy policy;
  for (int pass = 0; pass < 500; ++pass) policy.Time(1 + pass % 8, 0.02 - 0.002 * (pass % 8));
  EXPECT_GT(policy.CostOfRow(1), 0.0);
  EXPECT_LT(policy.CostOfRow(1), 0.1);
}

}  // namespace
}  // namespace drover::actor
