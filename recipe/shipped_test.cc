#include "recipe/shipped.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_join.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipe/load.h"
#include "recipe/text.h"

namespace drover::recipe {
namespace {

using testing::HasSubstr;

// Points DROVER_RECIPES somewhere for as long as it lives.
class RecipesAt {
 public:
  explicit RecipesAt(const std::string& folder) { setenv("DROVER_RECIPES", folder.c_str(), /*overwrite=*/1); }
  ~RecipesAt() { unsetenv("DROVER_RECIPES"); }
};

TEST(Shipped, FolderIsFoundFromTheProgram) {
  const auto folder = RecipesFolder();
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_TRUE(std::filesystem::equivalent(*folder, "recipes"));
}

TEST(Shipped, ListHasDescriptions) {
  const auto recipes = ListShipped();
  ASSERT_TRUE(recipes.ok()) << recipes.status();
  std::vector<std::string> names;
  for (const ShippedRecipe& recipe : *recipes) {
    names.push_back(recipe.name);
    EXPECT_GT(recipe.description.size(), 20u) << recipe.name;
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"arithmetic", "oat-zero-7b", "smollm2-arithmetic"}));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

// Its effective text is a recipe that loads to itself.
void ExpectComplete(const std::string& name, const std::vector<std::string>& overrides) {
  const auto recipe = LoadRecipe(name, overrides, {.check_files = false});
  ASSERT_TRUE(recipe.ok()) << name << ": " << recipe.status();
  const std::string path = testing::TempDir() + "/effective.textproto";
  std::ofstream(path) << ToText(*recipe);
  const auto again = LoadRecipe(path, {}, {.check_files = false});
  ASSERT_TRUE(again.ok()) << name << ": " << again.status();
  EXPECT_EQ(ToText(*again), ToText(*recipe));
}

TEST(Shipped, EachIsComplete) {
  const auto recipes = ListShipped();
  ASSERT_TRUE(recipes.ok()) << recipes.status();
  for (const ShippedRecipe& recipe : *recipes) ExpectComplete(recipe.name, {});
}

// Oat-Zero-1.5B is what its name says, and each template goes with each set of questions as the recipe's comment has it.
TEST(Shipped, EveryRunOfThePaperIsComplete) {
  const auto named = LoadRecipe("oat-zero-1.5b", {}, {.check_files = false});
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(named->data().template_(), "qwen_math");
  EXPECT_EQ(named->data().levels(), "3-5");
  const std::vector<std::string> sets[] = {
      {"data.levels=", "data.train=data/math-12k.jsonl"},
      {"data.levels=", "data.train=data/orz_math_57k_collected.json", "data.format=orz"},
      {"data.levels=", "data.train=data/gsm8k.jsonl", "data.format=gsm8k"},
      {"data.levels=", "data.train=data/asdiv.jsonl", "data.format=asdiv"}};
  const auto path = FindRecipe("oat-zero-1.5b");
  ASSERT_TRUE(path.ok()) << path.status();
  const auto text = ReadFile(*path);
  ASSERT_TRUE(text.ok()) << text.status();
  for (const char* prompt_template : {"r1", "qwen_math", "none"}) {
    EXPECT_THAT(*text, HasSubstr(std::string("--set data.template=") + prompt_template + "\n"));
    for (std::vector<std::string> overrides : sets) {
      EXPECT_THAT(*text, HasSubstr("--set " + absl::StrJoin(overrides, " --set ") + "\n"));
      overrides.push_back(std::string("data.template=") + prompt_template);
      ExpectComplete("oat-zero-1.5b", overrides);
      const auto run = LoadRecipe("oat-zero-1.5b", overrides, {.check_files = false});
      EXPECT_EQ(run->data().levels(), "");
    }
  }
  for (const char* model : {"Llama-3.2-3B", "FineMath-Llama-3B", "Llama-3.2-3B-NuminaQA"}) {
    ExpectComplete("oat-zero-llama-3b", {std::string("model.path=models/") + model});
  }
}

TEST(Shipped, Find) {
  EXPECT_THAT(*FindRecipe("arithmetic"), testing::EndsWith("/arithmetic.textproto"));
  EXPECT_EQ(*FindRecipe("recipes/arithmetic.textproto"), "recipes/arithmetic.textproto");
  const auto typo = FindRecipe("arithmetc");
  EXPECT_EQ(typo.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(
      std::string(typo.status().message()),
      HasSubstr("recipe `arithmetc` is not one of those that ship; did you mean arithmetic? They are "));
  EXPECT_THAT(std::string(FindRecipe("./nope").status().message()),
              HasSubstr("recipe ./nope: there is no such file"));
  EXPECT_FALSE(FindRecipe("").ok());
}

TEST(Shipped, Environment) {
  const std::string folder = testing::TempDir() + "/own_recipes";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/mine.textproto") << "description: \"Mine.\"";
  const RecipesAt at(folder);
  const auto own = ListShipped();
  ASSERT_TRUE(own.ok()) << own.status();
  ASSERT_EQ(own->size(), 1u);
  EXPECT_EQ(own->at(0).description, "Mine.");
  EXPECT_EQ(*FindRecipe("mine"), folder + "/mine.textproto");
  std::ofstream(folder + "/mine.textproto") << "descripton: \"Mine.\"";
  EXPECT_THAT(std::string(ListShipped().status().message()),
              HasSubstr("mine.textproto: line 1, column 1: unknown"));
  const RecipesAt nowhere("/does/not/exist");
  EXPECT_THAT(std::string(RecipesFolder().status().message()),
              HasSubstr("DROVER_RECIPES is `/does/not/exist`, which is no folder"));
}

}  // namespace
}  // namespace drover::recipe
