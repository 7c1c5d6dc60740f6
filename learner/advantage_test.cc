#include "learner/advantage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace drover::learner {
namespace {

v1::Group MakeGroup(const std::vector<double>& rewards) {
  v1::Group group;
  for (double reward : rewards) {
    v1::Response* response = group.add_responses();
    response->set_reward(reward);
    response->set_finish_reason(v1::FINISH_REASON_STOP);
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
  ASSERT_EQ(advantages.size(), 3u);
  EXPECT_EQ(advantages[0], (std::vector<double>{0.5, -0.5}));
  EXPECT_EQ(advantages[1], (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(advantages[2], (std::vector<double>{-0.25, -0.25, 0.75, -0.25}));
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
  for (const auto& group : first) {
    const double lowest = *std::min_element(group.begin(), group.end());
    if (lowest == 0.0) continue;
    ++mixed;
    for (double advantage : group) ones += advantage > 0.0 ? 1.0 : 0.0;
  }
  EXPECT_GE(mixed, 12);
  EXPECT_LE(ones, 64.0);
  EXPECT_GE(ones, 64.0 - 8.0 * (16 - mixed));
}

}  // namespace
}  // namespace drover::learner
