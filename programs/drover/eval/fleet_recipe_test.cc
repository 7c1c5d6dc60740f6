#include "programs/drover/eval/fleet_recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/testing/temp_folder.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"
#include "recipe/validate.h"

namespace drover::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FleetRecipeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    model::testing::WriteModelDirectory(folder_.path(), model::testing::TinyConfig(),
                                        model::testing::FilledWeights(model::testing::TinyConfig()));
    ASSERT_TRUE(
        WriteFileAtomically(folder_.path() + "/tokenizer.json", model::CharacterTokenizerJson("0123456789+="))
            .ok());
  }
  absl::StatusOr<v1::Recipe> Make() {
    return FleetRecipe({.model = folder_.path(), .dtype = "bfloat16", .format = "plain"},
                       "/run/questions.jsonl", asks_, sampling_);
  }

  const drover::testing::TempFolder folder_;
  std::vector<evaluation::Ask> asks_ = {{.id = "a/0", .prompt = "1+1=", .n = 4},
                                        {.id = "a/1", .prompt = "10+1=", .n = 4}};
  evaluation::Sampling sampling_ = {
      .temperature = 0.5, .max_response_tokens = 8, .stop = {"="}, .keep_stop = true, .seed = 7};
};

TEST_F(FleetRecipeTest, AsksTheSuiteAndTrainsNothing) {
  const auto recipe = Make();
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  EXPECT_EQ(recipe->run().steps(), 0u);
  EXPECT_EQ(recipe->run().seed(), 7u);
  EXPECT_EQ(recipe->model().dtype(), v1::BFLOAT16);
  EXPECT_EQ(recipe->evaluation().questions(), 0u);
  const v1::SuiteSettings& suite = recipe->evaluation().suite();
  EXPECT_EQ(suite.path(), "/run/questions.jsonl");
  EXPECT_EQ(suite.n(), 4u);
  EXPECT_EQ(suite.temperature(), 0.5);
  EXPECT_EQ(suite.max_response_tokens(), 8u);
  EXPECT_EQ(recipe->data().template_(), "{question}");
  EXPECT_THAT(recipe->data().stop(), ElementsAre("="));
  EXPECT_TRUE(recipe->data().keep_stop());
  EXPECT_EQ(recipe->data().max_prompt_tokens(), 5u) << "the longest prompt, which all others fit beside";
}

// They are merged where the learner loads them.
TEST_F(FleetRecipeTest, AdaptersAreAskedByTheirFolder) {
  const drover::testing::TempFolder adapters;
  const model::ModelConfig config = model::testing::TinyConfig();
  model::testing::WriteLoraDirectory(adapters.path(), folder_.path(), "model.layers.0.mlp.up_proj.weight",
                                     {config.intermediate_size, config.hidden_size});
  const auto recipe = FleetRecipe({.model = adapters.path()}, "/run/questions.jsonl", asks_, sampling_);
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  EXPECT_EQ(recipe->model().path(), adapters.path());
  EXPECT_EQ(recipe->data().max_prompt_tokens(), 5u);
}

TEST_F(FleetRecipeTest, SaysWhatDoesNotGo) {
  sampling_.max_response_tokens = 100000;
  EXPECT_THAT(std::string(Make().status().message()), HasSubstr("with --fleet it may be at most"));
  sampling_.max_response_tokens = 8;
  asks_[1].prompt = "what?";
  EXPECT_THAT(std::string(Make().status().message()), HasSubstr("the prompt of a/1"));
  asks_[1].prompt = "1";
  sampling_.top_k = 5;
  EXPECT_THAT(std::string(Make().status().message()),
              HasSubstr("--top-p, --top-k and --min-p do not go with --fleet"));
  sampling_.top_k = 0;
  sampling_.min_p = 0.1;
  EXPECT_THAT(std::string(Make().status().message()), HasSubstr("--min-p do not go with --fleet"));
}

}  // namespace
}  // namespace drover::cli
