#include "learner/rank_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::learner {
namespace {

using testing::ElementsAre;

// The ranks that receive a command have the arguments that rank 0 was given.
v1::RankCommand Sent(const v1::RankCommand& command) {
  v1::RankCommand received;
  EXPECT_TRUE(received.ParseFromString(command.SerializeAsString()));
  return received;
}

TEST(RankCommands, UpdateCarriesItsGroups) {
  std::vector<v1::Group> groups(2);
  groups[0].set_group(7);
  groups[1].set_group(8);
  groups[1].add_responses()->add_token_ids(3);
  v1::RankCommand command = Sent(UpdateCommand(groups, /*rollout=*/4, /*version=*/5, /*rate_scale=*/0.5));
  EXPECT_EQ(command.update().rollout(), 4u);
  EXPECT_EQ(command.update().version(), 5u);
  EXPECT_EQ(command.update().rate_scale(), 0.5);
  const std::vector<v1::Group> taken = TakeGroups(command.mutable_update());
  ASSERT_EQ(taken.size(), 2u);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(taken[i].SerializeAsString(), groups[i].SerializeAsString());
}

TEST(RankCommands, SupervisedStepCarriesItsExamples) {
  const v1::RankCommand command = Sent(
      SupervisedCommand({{{1, 2}, {3}}, {{4}, {5, 6}, {0, 1}}},
                        {.learning_rate = 0.25, .mean_over = MeanOver::kExamples, .microbatch_tokens = 77}));
  const SupervisedOptions options = OptionsOf(command.supervised_step());
  EXPECT_EQ(options.learning_rate, 0.25);
  EXPECT_EQ(options.mean_over, MeanOver::kExamples);
  EXPECT_EQ(options.microbatch_tokens, 77);
  const std::vector<SupervisedExample> examples = Examples(command.supervised_step());
  ASSERT_EQ(examples.size(), 2u);
  EXPECT_THAT(examples[0].prompt_token_ids, ElementsAre(1, 2));
  EXPECT_THAT(examples[0].response_token_ids, ElementsAre(3));
  EXPECT_THAT(examples[1].prompt_token_ids, ElementsAre(4));
  EXPECT_THAT(examples[1].response_token_ids, ElementsAre(5, 6));
  EXPECT_THAT(examples[0].learned, ElementsAre());
  EXPECT_THAT(examples[1].learned, ElementsAre(0, 1));
}

}  // namespace
}  // namespace drover::learner
