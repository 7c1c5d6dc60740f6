#include "services/run/step_report.h"

#include <gtest/gtest.h>

#include <cmath>

namespace drover::run {
namespace {

v1::Response MakeResponse(double reward, int tokens, uint64_t version,
                          v1::FinishReason finish = v1::FINISH_REASON_STOP) {
  v1::Response response;
  response.set_reward(reward);
  for (int i = 0; i < tokens; ++i) response.add_token_ids(7);
  auto* run = response.add_versions();
  run->set_version(version);
  run->set_count(static_cast<uint32_t>(tokens));
  response.set_finish_reason(finish);
  response.set_formatted(reward > 0);
  return response;
}

TEST(StepReportTest, WorkedArithmetic) {
  std::vector<v1::Group> groups(2);
  *groups[0].add_responses() = MakeResponse(1, 10, 5);
  *groups[0].add_responses() = MakeResponse(0, 20, 4, v1::FINISH_REASON_LENGTH);
  *groups[1].add_responses() = MakeResponse(1, 30, 5);
  *groups[1].add_responses() = MakeResponse(1, 40, 5);
  for (auto& group : groups) group.add_prompt_token_ids(1);

  const RolloutStats stats = Summarize(groups, /*version=*/5);
  EXPECT_DOUBLE_EQ(stats.reward, 0.75);
  // Group means 0.5 and 1: standard deviation sqrt(0.125), over sqrt 2.
  EXPECT_DOUBLE_EQ(stats.reward_std_error, 0.25);
  EXPECT_DOUBLE_EQ(stats.response_length, 25);
  EXPECT_DOUBLE_EQ(*stats.response_length_correct, 80.0 / 3);
  EXPECT_DOUBLE_EQ(*stats.response_length_incorrect, 20);
  EXPECT_DOUBLE_EQ(stats.truncated_share, 0.25);
  EXPECT_DOUBLE_EQ(stats.formatted_share, 0.75);
  EXPECT_DOUBLE_EQ(stats.zero_advantage_share(), 0.5);
  EXPECT_DOUBLE_EQ(stats.staleness_mean, 0.5);
  EXPECT_EQ(stats.staleness_max, 1u);
  EXPECT_EQ(stats.response_tokens, 100u);
  EXPECT_EQ(stats.prompt_tokens, 2u);
}

TEST(StepReportTest, ATruncatedResponseEarnsNothingWhateverTheVerifierGave) {
  std::vector<v1::Group> groups(1);
  *groups[0].add_responses() = MakeResponse(1, 10, 0);
  *groups[0].add_responses() = MakeResponse(1, 20, 0, v1::FINISH_REASON_LENGTH);
  const RolloutStats stats = Summarize(groups, 0);
  EXPECT_DOUBLE_EQ(stats.reward, 0.5);
  EXPECT_DOUBLE_EQ(*stats.response_length_correct, 10);
  EXPECT_DOUBLE_EQ(*stats.response_length_incorrect, 20);
  EXPECT_DOUBLE_EQ(stats.zero_advantage_share(), 0);
}

TEST(StepReportTest, NothingIncorrectIsNullNotZero) {
  std::vector<v1::Group> groups(1);
  *groups[0].add_responses() = MakeResponse(1, 10, 0);
  StepReport report;
  report.rollout = Summarize(groups, 0);
  const auto json = ToJson(report);
  EXPECT_TRUE(json["response_length_incorrect"].is_null());
  EXPECT_EQ(json["response_length_correct"], 10.0);
  EXPECT_TRUE(json["accuracy"].is_null());
}

TEST(StepReportTest, NoGroupsIsAllZero) {
  const RolloutStats stats = Summarize({}, 3);
  EXPECT_EQ(stats.reward, 0);
  EXPECT_EQ(stats.staleness_max, 0u);
  EXPECT_EQ(stats.zero_advantage_share(), 0);
}

}  // namespace
}  // namespace drover::run
