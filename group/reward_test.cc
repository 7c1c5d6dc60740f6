#include "group/reward.h"

#include <gtest/gtest.h>

namespace drover::group {
namespace {

v1::Response MakeResponse(double reward, v1::FinishReason finish = v1::FINISH_REASON_STOP) {
  v1::Response response;
  response.set_reward(reward);
  response.set_finish_reason(finish);
  return response;
}

TEST(Reward, IsTheVerifiers) {
  EXPECT_EQ(Reward(MakeResponse(1.0)), 1.0);
  EXPECT_EQ(Reward(MakeResponse(-0.25)), -0.25);
}

TEST(Reward, IsZeroForTruncatedResponsesWhateverTheVerifierGave) {
  for (double given : {1.0, 0.0, -3.0}) {
    EXPECT_EQ(Reward(MakeResponse(given, v1::FINISH_REASON_LENGTH)), 0.0);
    EXPECT_FALSE(Correct(MakeResponse(given, v1::FINISH_REASON_LENGTH)));
  }
}

TEST(Reward, AboveAHalfIsCorrect) {
  EXPECT_TRUE(Correct(MakeResponse(0.51)));
  EXPECT_FALSE(Correct(MakeResponse(0.5)));
}

TEST(RewardsAllEqual, ComparesWhatTrainingUses) {
  v1::Group group;
  EXPECT_TRUE(RewardsAllEqual(group));
  *group.add_responses() = MakeResponse(1.0);
  EXPECT_TRUE(RewardsAllEqual(group));
  *group.add_responses() = MakeResponse(1.0);
  EXPECT_TRUE(RewardsAllEqual(group));
  group.mutable_responses(1)->set_finish_reason(v1::FINISH_REASON_LENGTH);
  EXPECT_FALSE(RewardsAllEqual(group));
  group.mutable_responses(0)->set_reward(0.0);
  EXPECT_TRUE(RewardsAllEqual(group));
}

}  // namespace
}  // namespace drover::group
