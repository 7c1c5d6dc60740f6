#include "actor/drafting/draft_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

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

// T(rows) = 8 + rows before the first pass: guesses of chance 0.5, 0.5 x 0.6, 0.5 x 0.6 x 0.7 ... to a token and 9 of cost.
TEST(DraftPolicy, GuessesAreTakenWhileTokensASecondGoUp) {
  const DraftPolicy policy;
  double worth = 1.0, cost = 1.0, chance = 1.0;
  int32_t wanted = 0;
  for (int32_t match = 3;; ++match) {
    chance *= policy.Chance(match);
    if ((worth + chance) / (cost + 1.2 / 9) < worth / cost) break;
    worth += chance;
    cost += 1.2 / 9;
    ++wanted;
  }
  EXPECT_GT(wanted, 1);
  EXPECT_LT(wanted, 16);
  EXPECT_THAT(policy.Choose(1, {{3, 16}}), ElementsAre(wanted));
  EXPECT_THAT(policy.Choose(1, {{3, 1}}), ElementsAre(1)) << "there are no more";
}

// Passes of 1 to 40 rows.
void TimeMany(DraftPolicy& policy, const std::function<double(int64_t rows)>& seconds) {
  for (int pass = 0; pass < 2000; ++pass) {
    const int64_t rows = 1 + pass * 7 % 40;
    policy.Time(rows, seconds(rows));
  }
}

// Nine of ten are right; but where each row costs as much as another, a pass of two rows brings 1.9 tokens for twice the time.
TEST(DraftPolicy, WhereRowsAreDearNothingIsGuessed) {
  DraftPolicy policy;
  TimeMany(policy, [](int64_t rows) { return static_cast<double>(rows); });
  for (int32_t match = 1; match <= kLongestMatch; ++match) Teach(policy, match, 1000, 10);
  for (const int64_t rows : {1, 4, 8, 24}) {
    EXPECT_FALSE(policy.MayPay(rows)) << rows;
    EXPECT_THAT(policy.Choose(rows, {{8, 16}, {16, 16}}), ElementsAre(0, 0)) << rows;
  }
}

TEST(DraftPolicy, WhereRowsCostLittleAllThatIsLikelyIsGuessed) {
  DraftPolicy policy;
  TimeMany(policy, [](int64_t rows) { return 1000.0 + static_cast<double>(rows); });
  for (int32_t match = 1; match <= kLongestMatch; ++match) Teach(policy, match, 1000, 50);
  for (const int64_t rows : {2, 8, 24}) {
    EXPECT_TRUE(policy.MayPay(rows)) << rows;
    EXPECT_THAT(policy.Choose(rows, {{1, 16}, {8, 20}}), ElementsAre(16, 16)) << rows;
  }
}

// Rows up to a multiple of 6 cost nearly nothing, the next one costs a third of a pass: a tile is filled.
TEST(DraftPolicy, GuessesFillATileThatIsBegunAnyway) {
  DraftPolicy policy;
  TimeMany(policy, [](int64_t rows) {
    return 6.0 + 4.0 * static_cast<double>((rows + 5) / 6) + 0.1 * static_cast<double>(rows);
  });
  for (int32_t match = 1; match <= kLongestMatch; ++match) Teach(policy, match, 1000, 2);
  EXPECT_THAT(policy.Choose(6, {{1, 16}}), ElementsAre(0)) << "half a token of 6 for a third of the time";
  const std::vector<int32_t> chosen = policy.Choose(8, {{1, 16}, {1, 16}, {1, 16}, {1, 16}});
  const int32_t guesses = std::accumulate(chosen.begin(), chosen.end(), 0);
  EXPECT_GE(guesses, 3);
  EXPECT_LE(guesses, 4) << "12 rows and no more";
}

TEST(DraftPolicy, TheLikeliestComeFirst) {
  DraftPolicy policy;
  Teach(policy, 1, 200, 2);
  for (int32_t match = 9; match <= kLongestMatch; ++match) Teach(policy, match, 2000, 1000);
  const std::vector<int32_t> chosen = policy.Choose(8, {{1, 16}, {9, 16}, {1, 16}, {9, 3}});
  EXPECT_EQ(chosen[0], 0) << "one half, where a row costs half of what a token does, counted 1.2 times";
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

// Guesses were wrong for long, and are right from then on: they are tried in time, and kept to.
TEST(DraftPolicy, RecoversWhenGuessesBecomeRight) {
  DraftPolicy policy;
  for (int32_t match = 1; match <= kLongestMatch; ++match) Teach(policy, match, 1000, 1);
  int32_t guesses = 0, most = 0;
  for (int pass = 0; pass < 60000 && most < 16; ++pass) {
    guesses = policy.Choose(1, {{2, 16}})[0];
    if (guesses > 0) policy.Learn({2, 16}, guesses, guesses);
    policy.Time(1 + guesses, 9.0 + guesses);
    if (pass == 0) {
      EXPECT_EQ(guesses, 0);
    }
    most = std::max(most, guesses);
  }
  EXPECT_EQ(most, 16);
  for (int i = 0; i < 500; ++i) policy.Learn({2, 16}, 16, 0);  // and wrong again
  EXPECT_EQ(policy.Choose(1, {{2, 16}})[0], 0);
}

TEST(DraftPolicy, WithoutAMarginEveryGuessPays) {
  DraftPolicy policy(/*margin=*/0.0);
  for (int32_t match = 1; match <= kLongestMatch; ++match) Teach(policy, match, 1000, 1);
  EXPECT_TRUE(policy.MayPay(1000));
  EXPECT_THAT(policy.Choose(1000, {{1, 5}, {2, 30}}), ElementsAre(5, DraftPolicy::kMostDrafts));
}

}  // namespace
}  // namespace drover::actor
