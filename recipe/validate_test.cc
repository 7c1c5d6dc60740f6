#include "recipe/validate.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipe/testing/small_recipe.h"

namespace drover::recipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Validate, GoodRecipe) { EXPECT_THAT(ProblemsWith({}, /*check_files=*/true), ElementsAre()); }

TEST(Validate, ValidEdges) {
  EXPECT_THAT(ProblemsWith({"learner.learning_rate=0"}), ElementsAre());
  EXPECT_THAT(ProblemsWith({"rollout.group_size=2", "rollout.prompts=64"}), ElementsAre());
  EXPECT_THAT(ProblemsWith({"rollout.top_p=1", "rollout.temperature=10"}), ElementsAre());
  EXPECT_THAT(ProblemsWith({"evaluation.questions=0", "learner.max_grad_norm=0"}), ElementsAre());
}

TEST(Validate, Rules) {
  const std::pair<const char*, const char*> cases[] = {
      {"rollout.group_size=1", "rollout.group_size: got 1, may be a whole number from 2 to 4096 (responses)"},
      {"rollout.top_p=0", "rollout.top_p: got 0, may be a number above 0 and at most 1"},
      {"rollout.top_p=1.5", "rollout.top_p: got 1.5, may be a number above 0 and at most 1"},
      {"rollout.temperature=nan", "rollout.temperature: got nan, may be a number above 0 and at most 10"},
      {"rollout.temperature=inf", "rollout.temperature: got inf, may be"},
      {"learner.learning_rate=-1e-6", "learner.learning_rate: got -1e-06, may be a number from 0 to 1"},
      {"learner.learning_rate=2", "learner.learning_rate: got 2, may be a number from 0 to 1"},
      {"learner.beta2=1", "learner.beta2: got 1, may be a number from 0 to 0.9999999"},
      {"leases.ttl_seconds=0.5", "leases.ttl_seconds: got 0.5, may be a number from 1 to 86400 (seconds)"},
      {"weights.chunk_bytes=1023",
       "weights.chunk_bytes: got 1023, may be a whole number from 1024 to 3145728 (bytes)"},
      {"loss.aggregation=LOSS_AGGREGATION_UNSPECIFIED",
       "loss.aggregation: got `LOSS_AGGREGATION_UNSPECIFIED`, may be CONSTANT or RESPONSE_LENGTH or TOKENS "
       "or VL_NORM"},
      {"loss.aggregation=7",
       "loss.aggregation: got `7`, may be CONSTANT or RESPONSE_LENGTH or TOKENS or VL_NORM"},
      {"data.train=", "data.train: got an empty text, may be a text that is not empty"},
      {"data.stop=", "data.stop: got an empty text, may be a text that is not empty"},
      {"data.stop=[\"a\", \"\"]", "data.stop: got an empty text"},
      {"data.heldout=\xff", "data.heldout: got a text that is not UTF-8 at byte 0"},
  };
  for (const auto& [assignment, error] : cases) {
    EXPECT_THAT(ProblemsWith({assignment}), ElementsAre(HasSubstr(error))) << assignment;
  }
  EXPECT_THAT(ProblemsWith({"data.template={question}" + std::string(300'000, 'x')}),
              ElementsAre(HasSubstr("data.template: got a text of 300010 bytes, may have at most 262144")));
}

TEST(Validate, ReportsAllAtOnce) {
  EXPECT_THAT(
      ProblemsWith({"rollout.group_size=1", "rollout.top_p=0", "run.device=gpu", "staleness.bound=-1"}),
      ElementsAre(HasSubstr("staleness.bound: got `-1`"), HasSubstr("rollout.group_size: got 1"),
                  HasSubstr("rollout.top_p: got 0"), HasSubstr("run.device: got `gpu`")));
}

// A group of 1 makes the batch indivisible too, but that would only distract.
TEST(Validate, CrossChecksOfBadFieldsAreLeftOut) {
  EXPECT_THAT(ProblemsWith({"rollout.group_size=1", "rollout.prompts=3"}),
              ElementsAre(HasSubstr("group_size")));
  EXPECT_THAT(ProblemsWith({"rollout.group_size=x", "rollout.prompts=3"}),
              ElementsAre(HasSubstr("group_size")));
}

TEST(Validate, StatusSaysHowMany) {
  v1::Recipe recipe = GoodRecipe();
  EXPECT_TRUE(Validate(recipe).ok());
  recipe.mutable_rollout()->set_group_size(1);
  recipe.mutable_rollout()->set_top_p(0);
  const absl::Status status = Validate(recipe);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("has 2 errors:\n  rollout.group_size: got 1"));
}

}  // namespace
}  // namespace drover::recipe
