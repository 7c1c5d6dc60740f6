#include "services/run/summary.h"

#include <gtest/gtest.h>

namespace drover::run {
namespace {

TEST(SummaryTest, FirstAndLastFive) {
  const std::vector<double> rewards = {0, 0, 0, 0, 1, 9, 2, 2, 2, 2, 7};
  EXPECT_DOUBLE_EQ(*MeanOfFirst(rewards), 0.2);
  EXPECT_DOUBLE_EQ(*MeanOfLast(rewards), 3);
  EXPECT_DOUBLE_EQ(*MeanOfFirst({1, 2}), 1.5);
  EXPECT_FALSE(MeanOfLast({}).has_value());
}

TEST(SummaryTest, HasTheKeysThatScriptsRead) {
  Summary summary;
  summary.recipe = "arithmetic";
  summary.accuracy_before = 0.25;
  summary.accuracy_before_interval = statistics::Interval{0.125, 0.5};
  summary.groups.set_leased(3);
  summary.groups.set_trained(2);
  const auto json = ToJson(summary);
  EXPECT_EQ(json.dump(),
            R"({"recipe":"arithmetic","steps":0,"optimizer_steps":0,"seconds":0.0,"accuracy_before":0.25,)"
            R"("accuracy_before_interval":[0.125,0.5],"accuracy_after":null,"accuracy_after_interval":null,)"
            R"("heldout_questions":0,"reward_first":null,"reward_last":null,)"
            R"("groups":{"leased":3,"trained":2,"pending":0,"filtered":0,"expired":0,"stale":0,"failed":0},)"
            R"("tokens_generated":0,"weight_version":0})");
}

}  // namespace
}  // namespace drover::run
