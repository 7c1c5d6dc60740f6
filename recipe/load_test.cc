#include "recipe/load.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "data/make_prompt_source.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "recipe/shipped.h"
#include "recipe/text.h"

namespace drover::recipe {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(LoadRecipe, EveryShippedOneIsValid) {
  const auto all = ListShipped();
  ASSERT_TRUE(all.ok()) << all.status();
  for (const ShippedRecipe& shipped : *all) {
    const auto recipe = LoadRecipe(shipped.name, {}, {.check_files = false});
    EXPECT_TRUE(recipe.ok()) << recipe.status();
  }
}

TEST(LoadRecipe, EffectiveRecipeLoadsToItself) {
  const auto all = ListShipped();
  ASSERT_TRUE(all.ok()) << all.status();
  for (const ShippedRecipe& shipped : *all) {
    const auto recipe = LoadRecipe(shipped.name, {}, {.check_files = false});
    const auto again = LoadRecipe(Write("effective.textproto", ToText(*recipe)), {}, {.check_files = false});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(MessageDifferencer::Equals(*recipe, *again)) << shipped.name;
    EXPECT_EQ(again->name(), shipped.name);
  }
}

// The embedded default, as the issue that made it has it.
TEST(LoadRecipe, Arithmetic) {
  const auto recipe = LoadRecipe("arithmetic");
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  EXPECT_EQ(recipe->actors().count(), 2u);
  EXPECT_EQ(recipe->verifiers().count(), 1u);
  EXPECT_GE(recipe->evaluation().questions(), 500u);
  // Its longest prompt and solution fit, one token a character; the end-of-sequence token is one more.
  const auto source = data::MakePromptSource(*recipe);
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*source)->HeldoutPrompts(recipe->evaluation().questions()).size(),
            recipe->evaluation().questions());
  for (uint64_t n = 0; n < 5000; ++n) {
    const auto example = (*source)->PretrainExample(n);
    EXPECT_LE(example->prompt.size(), recipe->data().max_prompt_tokens());
    EXPECT_LE(example->response.size() + 1, recipe->rollout().max_response_tokens());
  }
}

TEST(LoadRecipe, SmolLm2Prompts) {
  const auto recipe = LoadRecipe("smollm2-arithmetic", {}, {.check_files = false});
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  const auto source = data::MakePromptSource(*recipe);
  ASSERT_TRUE(source.ok());
  EXPECT_THAT((*source)->TrainPrompt(0).text(),
              testing::MatchesRegex("(.* = [0-9]+\n){4}[0-9]+ [-+*] [0-9]+ ="));
  EXPECT_EQ((*source)->prompt_template().stop, std::vector<std::string>{"\n"});
  EXPECT_EQ((*source)->prompt_template().reward_format, "plain");
}

TEST(LoadRecipe, TheIssuesWordProblems) {
  const std::string file = "../shared/data/train/asdiv_2k.jsonl";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "skipped: no data";
  std::string letters = "\n";
  for (char c = ' '; c <= '~'; ++c) letters += c;
  const auto recipe =
      LoadRecipe("arithmetic", {"data.train=" + file, "data.template=\"{question}\\n\"", "pretrain.batches=0",
                                "data.max_prompt_tokens=400", "model.embedded.max_positions=1024",
                                absl::StrCat("model.embedded.alphabet=\"", absl::CEscape(letters), "\"")});
  ASSERT_TRUE(recipe.ok()) << recipe.status();
  EXPECT_TRUE(std::filesystem::path(recipe->data().train()).is_absolute());
  EXPECT_GT((*data::MakePromptSource(*recipe))->train_size(), 1500u);
}

TEST(LoadRecipe, AllErrorsAtOnce) {
  const std::string file =
      Write("bad.textproto", "rollout { group_size: 1 promts: 5 }\nlearner { ranks: 2x }\n");
  const auto recipe = LoadRecipe(file, {"rollout.top_p=2", "nonsense"}, {.check_files = false});
  ASSERT_EQ(recipe.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string text(recipe.status().message());
  EXPECT_THAT(text, testing::StartsWith("recipe " + file + " has "));
  for (const char* part :
       {"\n  line 1, column 25: unknown field `rollout.promts`",
        "\n  line 2, column 18: learner.ranks: got `2x`", "\n  --set nonsense: must be path=value",
        "\n  rollout.group_size: got 1", "\n  rollout.top_p: got 2"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(LoadRecipe, OneErrorIsOneLine) {
  const auto recipe = LoadRecipe("arithmetic", {"rollout.group_size=1"});
  EXPECT_EQ(std::string(recipe.status().message()),
            "recipe arithmetic: rollout.group_size: got 1, may be a whole number from 2 to 4096 (responses)");
}

TEST(LoadRecipe, UnfinishedTextGivesNoFurtherErrors) {
  const auto recipe = LoadRecipe(Write("cut.textproto", "rollout { prompts: 3\n"));
  EXPECT_THAT(std::string(recipe.status().message()),
              testing::EndsWith("the text ends where a `}` is missing"));
}

}  // namespace
}  // namespace drover::recipe
