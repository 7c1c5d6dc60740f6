#include "learner/advantages/advantages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "learner/advantages/group_mean.h"
#include "learner/advantages/leave_one_out.h"
#include "learner/advantages/overlong.h"
#include "learner/advantages/whiten.h"

namespace drover::learner {
namespace {

using Numbers = std::vector<std::vector<double>>;

// Responses of `length` tokens.
v1::Group MakeGroup(const std::vector<double>& rewards, int length = 1) {
  v1::Group group;
  for (double reward : rewards) {
    v1::Response* response = group.add_responses();
    response->set_reward(reward);
    response->set_finish_reason(v1::FINISH_REASON_STOP);
    for (int t = 0; t < length; ++t) response->add_token_ids(1);
  }
  return group;
}

TEST(GroupAdvantages, DrGrpoSubtractsTheMean) {
  EXPECT_EQ(GroupAdvantages({1.0, 0.0, 0.0, 0.0}, false), (std::vector<double>{0.75, -0.25, -0.25, -0.25}));
}

TEST(GroupAdvantages, GrpoDividesByTheSampleStandardDeviation) {
  // mean 1/4, squares 9/16 + 3/16 = 3/4, variance (3/4)/3 = 1/4, std 1/2.
  const std::vector<double> advantages = GroupAdvantages({1.0, 0.0, 0.0, 0.0}, true);
  EXPECT_NEAR(advantages[0], 0.75 / (0.5 + 1e-8), 1e-15);
  EXPECT_NEAR(advantages[1], -0.25 / (0.5 + 1e-8), 1e-15);
  // Two responses: std is sqrt(1/2), not the population's 1/2.
  EXPECT_NEAR(GroupAdvantages({1.0, 0.0}, true)[0], 0.5 / (std::sqrt(0.5) + 1e-8), 1e-15);
}

TEST(GroupAdvantages, EqualRewardsGiveExactlyZero) {
  for (double reward : {0.0, 1.0, 0.1, 1.0 / 3.0}) {
    for (bool normalize : {false, true}) {
      for (double advantage : GroupAdvantages(std::vector<double>(7, reward), normalize)) {
        EXPECT_EQ(advantage, 0.0);
      }
    }
  }
  EXPECT_EQ(GroupAdvantages({1.0}, true), (std::vector<double>{0.0}));
  EXPECT_TRUE(GroupAdvantages({}, true).empty());
}

TEST(RolloutAdvantages, AreOfEachGroupAlone) {
  const std::vector<v1::Group> groups = {MakeGroup({1, 0}), MakeGroup({1, 1, 1}), MakeGroup({0, 0, 1, 0})};
  const auto advantages = RolloutAdvantages(groups, {}, 3);
  EXPECT_EQ(advantages, (Numbers{{0.5}, {-0.5}, {0}, {0}, {0}, {-0.25}, {-0.25}, {0.75}, {-0.25}}));
}

TEST(RolloutAdvantages, ShufflingPermutesRewardsOverTheWholeRollout) {
  std::vector<v1::Group> groups;
  for (int g = 0; g < 16; ++g) groups.push_back(MakeGroup(std::vector<double>(8, g < 8 ? 1.0 : 0.0)));
  AdvantageOptions options;
  options.shuffle_rewards = true;
  options.seed = 5;
  const auto first = RolloutAdvantages(groups, options, 1);
  EXPECT_EQ(first, RolloutAdvantages(groups, options, 1));
  EXPECT_NE(first, RolloutAdvantages(groups, options, 2));
  options.seed = 6;
  EXPECT_NE(first, RolloutAdvantages(groups, options, 1));
  // Groups that were all equal are mixed now, and as many rewards are 1 as before.
  int mixed = 0;
  double ones = 0.0;
  for (size_t g = 0; g < 16; ++g) {
    std::vector<double> group;
    for (size_t i = 0; i < 8; ++i) group.push_back(first[8 * g + i].at(0));
    const double lowest = *std::min_element(group.begin(), group.end());
    if (lowest == 0.0) continue;
    ++mixed;
    for (double advantage : group) ones += advantage > 0.0 ? 1.0 : 0.0;
  }
  EXPECT_GE(mixed, 12);
  EXPECT_LE(ones, 64.0);
  EXPECT_GE(ones, 64.0 - 8.0 * (16 - mixed));
}

// (1, 0, 0, 1): the siblings' means are 1/3, 2/3, 2/3, 1/3.
TEST(LeaveOneOut, SubtractsTheMeanOfTheSiblings) {
  AdvantageOptions options;
  options.baseline = Baseline::kLeaveOneOut;
  const auto advantages = RolloutAdvantages({MakeGroup({1, 0, 0, 1}), MakeGroup({1, 1})}, options, 0);
  const std::vector<double> expected = {2.0 / 3, -2.0 / 3, -2.0 / 3, 2.0 / 3, 0, 0};
  for (size_t r = 0; r < expected.size(); ++r) EXPECT_NEAR(advantages[r].at(0), expected[r], 1e-15) << r;
  EXPECT_EQ(advantages[4].at(0), 0.0);
}

// RLOO's is the group mean's times G / (G - 1).
TEST(LeaveOneOut, IsTheGroupMeansAtAnotherScale) {
  const std::vector<double> rewards = {0.3, -1.25, 2.0, 0.1, 0.0};
  const ReturnBaseline loo = LeaveOneOut(rewards, /*normalize_std=*/false);
  const std::vector<double> centred = GroupAdvantages(rewards, /*normalize_std=*/false);
  for (size_t i = 0; i < rewards.size(); ++i) {
    EXPECT_NEAR(rewards[i] - loo.values[i], centred[i] * 5.0 / 4.0, 1e-15);
  }
}

TEST(BatchMean, IsOfTheWholeRollout) {
  AdvantageOptions options;
  options.baseline = Baseline::kBatchMean;
  EXPECT_EQ(RolloutAdvantages({MakeGroup({1, 1}), MakeGroup({0, 1})}, options, 0),
            (Numbers{{0.25}, {0.25}, {-0.75}, {0.25}}));
  EXPECT_EQ(RolloutAdvantages({MakeGroup({1, 1}), MakeGroup({1, 1})}, options, 0),
            (Numbers{{0}, {0}, {0}, {0}}));
}

TEST(NoBaseline, LeavesTheReward) {
  AdvantageOptions options;
  options.baseline = Baseline::kNone;
  EXPECT_EQ(RolloutAdvantages({MakeGroup({1, 1}), MakeGroup({0, 1})}, options, 0),
            (Numbers{{1}, {1}, {0}, {1}}));
}

TEST(Overlong, FallsLinearlyOverTheLastTokens) {
  const OverlongOptions options{/*tokens=*/4, /*penalty=*/0.5, /*budget=*/10};
  EXPECT_EQ(OverlongReward(6, options), 0.0);
  EXPECT_EQ(OverlongReward(7, options), -0.125);
  EXPECT_EQ(OverlongReward(9, options), -0.375);
  EXPECT_EQ(OverlongReward(10, options), -0.5);
  EXPECT_EQ(OverlongReward(10, OverlongOptions{0, 0.5, 10}), 0.0);
}

TEST(Overlong, GivesAGroupOfEqualRewardsASignal) {
  v1::Group group = MakeGroup({1, 1}, /*length=*/2);
  for (int t = 0; t < 2; ++t) group.mutable_responses(1)->add_token_ids(1);
  AdvantageOptions options;
  options.overlong = {/*tokens=*/2, /*penalty=*/1.0, /*budget=*/4};
  EXPECT_EQ(RolloutAdvantages({group}, options, 0), (Numbers{{0.5}, {-0.5}}));
}

// Two responses of two tokens; penalties 0.1, 0.2 and 0.3, 0: the whole responses' returns are 0.7 and -0.3.
TEST(KlReward, IsOfTheWholeResponseOrToGo) {
  const std::vector<v1::Group> groups = {MakeGroup({1, 0}, /*length=*/2)};
  const Numbers penalties = {{0.1, 0.2}, {0.3, 0.0}};
  AdvantageOptions options;
  options.kl.coefficient = 1.0;
  const auto whole = RolloutAdvantages(groups, options, 0, penalties);
  ASSERT_EQ(whole[0].size(), 1u);
  EXPECT_NEAR(whole[0][0], 0.5, 1e-15);
  EXPECT_NEAR(whole[1][0], -0.5, 1e-15);
  options.kl.to_go = true;
  const auto to_go = RolloutAdvantages(groups, options, 0, penalties);
  const Numbers expected = {{0.7 - 0.2, 0.8 - 0.2}, {-0.3 - 0.2, 0.0 - 0.2}};
  for (size_t r = 0; r < 2; ++r) {
    for (size_t t = 0; t < 2; ++t) EXPECT_NEAR(to_go[r].at(t), expected[r][t], 1e-15);
  }
}

// Over tokens, not responses: a response of three tokens counts three times.
TEST(Whiten, IsOverTokens) {
  Numbers advantages = {{1.0}, {0.0, 2.0}};
  Whiten({3, 2}, &advantages);
  // 1, 1, 1, 0, 2: mean 1, squares 2, variance 2 / 4.
  const double divisor = std::sqrt(0.5) + 1e-8;
  EXPECT_NEAR(advantages[0][0], 0.0, 1e-15);
  EXPECT_NEAR(advantages[1][0], -1.0 / divisor, 1e-15);
  EXPECT_NEAR(advantages[1][1], 1.0 / divisor, 1e-15);
  Numbers equal = {{0.1}, {0.1, 0.1}};
  Whiten({3, 2}, &equal);
  EXPECT_EQ(equal, (Numbers{{0.0}, {0.0, 0.0}}));
}

// By an own formula: of many responses the mean over tokens is 0 and the variance 1.
TEST(Whiten, CentresAndScalesARollout) {
  std::vector<v1::Group> groups;
  for (int g = 0; g < 5; ++g) groups.push_back(MakeGroup({g * 0.25, 1.0, -0.5, 0.125 * g * g}, 1 + g));
  AdvantageOptions options;
  options.whiten = true;
  const auto advantages = RolloutAdvantages(groups, options, 0);
  double sum = 0.0, squares = 0.0, tokens = 0.0;
  for (size_t r = 0; r < advantages.size(); ++r) {
    const double length = 1.0 + static_cast<double>(r / 4);
    sum += length * advantages[r][0];
    squares += length * advantages[r][0] * advantages[r][0];
    tokens += length;
  }
  EXPECT_NEAR(sum, 0.0, 1e-12);
  EXPECT_NEAR(squares / (tokens - 1.0), 1.0, 1e-6);
}

}  // namespace
}  // namespace drover::learner
