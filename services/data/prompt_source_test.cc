#include "services/data/prompt_source.h"

#include <fstream>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using testing::HasSubstr;

v1::Recipe Arithmetic() {
  v1::Recipe recipe;
  recipe.mutable_run()->set_seed(1);
  v1::DataSettings& data = *recipe.mutable_data();
  data.set_train("arithmetic");
  data.set_template_("none");
  data.set_heldout_share(0.1);
  v1::ArithmeticSettings& arithmetic = *data.mutable_arithmetic();
  arithmetic.set_operations("+");
  arithmetic.set_min_digits(2);
  arithmetic.set_max_digits(3);
  arithmetic.set_style(v1::WORKED);
  return recipe;
}

class PromptSourceTest : public testing::Test {
 protected:
  // `count` questions "PREFIX i" with answer i.
  std::string Write(const std::string& prefix, int count) {
    const std::string path = testing::TempDir() + "/" + prefix + ".jsonl";
    std::ofstream file(path);
    for (int i = 0; i < count; ++i) {
      file << R"({"problem":")" << prefix << " " << i << R"(","answer":)" << i << "}\n";
    }
    return path;
  }

  static std::unique_ptr<PromptSource> Make(const v1::Recipe& recipe, PromptSourceOptions options = {}) {
    auto source = PromptSource::Create(recipe, std::move(options));
    EXPECT_TRUE(source.ok()) << source.status();
    return source.ok() ? *std::move(source) : nullptr;
  }

  static std::set<std::string> Questions(const std::vector<v1::Prompt>& prompts) {
    std::set<std::string> questions;
    for (const v1::Prompt& prompt : prompts) questions.insert(prompt.question());
    return questions;
  }

  static std::vector<v1::Prompt> TrainPrompts(const PromptSource& source, uint64_t count) {
    std::vector<v1::Prompt> prompts;
    for (uint64_t n = 0; n < count; ++n) prompts.push_back(source.TrainPrompt(n));
    return prompts;
  }
};

TEST_F(PromptSourceTest, GeneratedPrompts) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_template_("Add.\n{question}");
  const auto source = Make(recipe);
  EXPECT_EQ(source->train_size(), 0u);
  const v1::Prompt prompt = source->TrainPrompt(3);
  EXPECT_EQ(prompt.text(), "Add.\n" + prompt.question());
  EXPECT_EQ(prompt.gold_size(), 1);
  EXPECT_EQ(prompt.index(), 3u);
  EXPECT_EQ(Make(recipe)->TrainPrompt(3).SerializeAsString(), prompt.SerializeAsString());
  EXPECT_EQ(Questions(source->HeldoutPrompts(600)).size(), 600u);
  const auto example = source->PretrainExample(0);
  ASSERT_TRUE(example.ok());
  EXPECT_THAT(example->prompt, testing::StartsWith("Add.\n"));
}

TEST_F(PromptSourceTest, FileIsSplitByHash) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(Write("split", 1000));
  const auto source = Make(recipe);
  const std::set<std::string> heldout = Questions(source->HeldoutPrompts(1'000'000));
  const std::set<std::string> train = Questions(TrainPrompts(*source, source->train_size()));
  EXPECT_EQ(train.size(), source->train_size());
  EXPECT_EQ(train.size() + heldout.size(), 1000u);
  EXPECT_NEAR(heldout.size(), 100, 50);
  for (const std::string& question : heldout) EXPECT_EQ(train.count(question), 0u);
  EXPECT_EQ(source->PretrainExample(0).status().code(), absl::StatusCode::kFailedPrecondition);

  recipe.mutable_run()->set_seed(2);
  const auto other = Make(recipe);
  EXPECT_EQ(other->HeldoutPrompts(1)[0].question(), source->HeldoutPrompts(1)[0].question());
  EXPECT_NE(Questions(TrainPrompts(*other, 20)), Questions(TrainPrompts(*source, 20)));
  const v1::Prompt prompt = source->TrainPrompt(7);
  EXPECT_EQ("split " + std::to_string(prompt.index()), prompt.question());
  EXPECT_EQ(prompt.gold(0), std::to_string(prompt.index()));
}

TEST_F(PromptSourceTest, HeldoutFileTakesItsQuestionsOutOfTraining) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(Write("both", 100));
  recipe.mutable_data()->set_heldout(testing::TempDir() + "/heldout.jsonl");
  std::ofstream(recipe.data().heldout()) << R"({"problem":"both 5","answer":5})"
                                         << "\n"
                                         << R"({"problem":"both 5","answer":5})"
                                         << "\n"
                                         << R"({"problem":"new","answer":1})"
                                         << "\n";
  const auto source = Make(recipe);
  EXPECT_EQ(source->train_size(), 99u);
  EXPECT_EQ(Questions(TrainPrompts(*source, 99)).count("both 5"), 0u);
  EXPECT_THAT(Questions(source->HeldoutPrompts(9)), testing::ElementsAre("both 5", "new"));
}

// Whatever is in the file of held-out questions, and however it is written there, is neither trained nor pretrained on.
TEST_F(PromptSourceTest, HeldoutFileTakesItsQuestionsOutOfTheGenerator) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->mutable_arithmetic()->set_min_digits(1);
  recipe.mutable_data()->mutable_arithmetic()->set_max_digits(1);
  recipe.mutable_data()->set_heldout(testing::TempDir() + "/generated_heldout.jsonl");
  std::ofstream file(recipe.data().heldout());
  for (int a = 0; a < 10; ++a) file << R"({"problem":")" << a << R"( + 7 =","answer":)" << a + 7 << "}\n";
  file.close();
  const auto source = Make(recipe);
  std::set<std::string> asked = Questions(TrainPrompts(*source, 2000));
  for (uint64_t n = 0; n < 2000; ++n) asked.insert(source->PretrainExample(n)->prompt);
  EXPECT_EQ(asked.size(), 100u - 19u);
  for (const std::string& question : asked) EXPECT_EQ(question.find('7'), std::string::npos) << question;
  EXPECT_EQ(source->HeldoutPrompts(100).size(), 10u);
}

TEST_F(PromptSourceTest, AHeldOutTwinInAFileIsTakenOut) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(Write("twin", 20));
  recipe.mutable_data()->set_heldout(testing::TempDir() + "/twin_heldout.jsonl");
  std::ofstream(recipe.data().heldout()) << R"({"problem":" twin  5","answer":5})"
                                         << "\n";
  EXPECT_EQ(Make(recipe)->train_size(), 19u);
}

TEST_F(PromptSourceTest, KeepLeavesOutAndCounts) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(Write("k", 200));
  PromptSourceOptions options;
  options.keep = [](std::string_view text) { return text.size() <= 4; };  // "k 0" to "k 99"
  const auto source = Make(recipe, options);
  EXPECT_EQ(source->dropped(), 100u);
  EXPECT_EQ(source->train_size() + source->HeldoutPrompts(1000).size(), 100u);
  for (const v1::Prompt& prompt : TrainPrompts(*source, 150)) EXPECT_LE(prompt.text().size(), 4u);
}

TEST_F(PromptSourceTest, NothingLeft) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_max_prompt_tokens(3);
  PromptSourceOptions options;
  options.keep = [](std::string_view) { return false; };
  for (const std::string& train : {std::string("arithmetic"), Write("none", 10)}) {
    recipe.mutable_data()->set_train(train);
    const auto source = PromptSource::Create(recipe, options);
    ASSERT_FALSE(source.ok());
    EXPECT_THAT(std::string(source.status().message()),
                testing::AllOf(HasSubstr("data.train: " + train + " leaves no question"),
                               HasSubstr("data.max_prompt_tokens = 3")));
  }
}

TEST_F(PromptSourceTest, MissingFile) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train("/does/not/exist.jsonl");
  EXPECT_EQ(PromptSource::Create(recipe).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace drover::data
