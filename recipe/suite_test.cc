#include "recipe/suite.h"

#include <fstream>

#include "base/testing/temp_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipe/testing/small_recipe.h"

namespace drover::recipe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SuiteTest : public ::testing::Test {
 protected:
  SuiteTest() {
    recipe_.mutable_evaluation()->mutable_suite()->set_path(folder_.path());
    Write("b", {R"({"problem":"5*5=","answer":25})"});
    Write("a", {R"({"problem":"1+1=","answer":"2"})", R"({"problem":"2+2=","answer":["4","four"]})"});
  }
  void Write(const std::string& name, const std::vector<std::string>& lines) {
    std::ofstream file(folder_.path() + "/" + name + ".jsonl");
    for (const std::string& line : lines) file << line << "\n";
  }
  v1::SuiteSettings& settings() { return *recipe_.mutable_evaluation()->mutable_suite(); }
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    const auto suite = LoadSuite(recipe_, {});
    EXPECT_TRUE(suite.ok()) << suite.status();
    if (suite.ok()) {
      for (const v1::Prompt& prompt : suite->prompts) texts.push_back(prompt.text());
    }
    return texts;
  }
  std::string Error(const data::PromptSourceOptions& options = {}) const {
    const auto suite = LoadSuite(recipe_, options);
    return suite.ok() ? "(none)" : std::string(suite.status().message());
  }
  std::vector<std::string> Problems(std::vector<std::string> overrides) const {
    overrides.push_back("evaluation.suite.path=" + folder_.path());
    return ProblemsWith(overrides, /*check_files=*/true);
  }

  const testing::TempFolder folder_;
  v1::Recipe recipe_ = GoodRecipe();
};

TEST_F(SuiteTest, ARecipeWithoutOneHasNoPrompts) {
  settings().clear_path();
  EXPECT_THAT(Texts(), ElementsAre());
}

TEST_F(SuiteTest, PromptsOfAllBenchmarksInTheirOrder) {
  EXPECT_THAT(Texts(), ElementsAre("1+1=", "2+2=", "5*5="));
  settings().set_limit(1);
  EXPECT_THAT(Texts(), ElementsAre("1+1=", "5*5="));
  settings().add_benchmarks("b");
  settings().set_template_("Q: {question} A:");
  EXPECT_THAT(Texts(), ElementsAre("Q: 5*5= A:"));
}

TEST_F(SuiteTest, ItsTemplateBringsItsOwnFormat) {
  recipe_.mutable_data()->set_reward_format("boxed");
  EXPECT_EQ(LoadSuite(recipe_, {})->prompt_template.reward_format, "boxed") << "data's, as its template is";
  settings().set_template_("r1");
  EXPECT_EQ(LoadSuite(recipe_, {})->prompt_template.reward_format, "answer_tag");
}

TEST_F(SuiteTest, ItsBudget) {
  EXPECT_EQ(SuiteBudget(recipe_), 32u) << "training's";
  recipe_.mutable_evaluation()->set_max_response_tokens(20);
  EXPECT_EQ(SuiteBudget(recipe_), 20u) << "evaluation's";
  settings().set_max_response_tokens(7);
  EXPECT_EQ(SuiteBudget(recipe_), 7u);
}

TEST_F(SuiteTest, ErrorsNameFieldAndQuestion) {
  const auto too_long = [](std::string_view text) -> absl::StatusOr<data::PromptVerdict> {
    if (text != "2+2=") return data::PromptVerdict{};
    return data::PromptVerdict{data::PromptFit::kTooLong, "the prompt has 99 tokens"};
  };
  EXPECT_EQ(Error({.judge = too_long}),
            "evaluation.suite: question a/1: the prompt has 99 tokens (data.max_prompt_tokens)");
  settings().add_benchmarks("c");
  EXPECT_THAT(Error(),
              HasSubstr("evaluation.suite: " + folder_.path() + ": has no benchmark c, there are: a, b"));
  settings().clear_benchmarks();
  Write("a", {"{}"});
  EXPECT_THAT(Error(), HasSubstr("a.jsonl:1: "));
}

TEST_F(SuiteTest, ProblemsAreFoundBeforeARun) {
  EXPECT_THAT(Problems({}), ElementsAre());
  EXPECT_THAT(Problems({"evaluation.suite.path=/not/there"}), ElementsAre()) << "the last one counts";
  EXPECT_THAT(ProblemsWith({"evaluation.suite.path=/not/there"}, /*check_files=*/true),
              ElementsAre(HasSubstr("evaluation.suite.path: got `/not/there`, which is not there")));
  EXPECT_THAT(Problems({"evaluation.suite.template=chat"}),
              ElementsAre("evaluation.suite.template: got `chat`, may be chat only where data.template is"));
  EXPECT_THAT(Problems({"evaluation.suite.template=nowhere"}),
              ElementsAre(HasSubstr("evaluation.suite.template: ")));
  EXPECT_THAT(Problems({"evaluation.suite.n=4"}),
              ElementsAre(HasSubstr("evaluation.suite.n: got 4 with evaluation.suite.temperature = 0")));
  EXPECT_THAT(Problems({"evaluation.suite.n=4", "evaluation.suite.temperature=1"}), ElementsAre());
  EXPECT_THAT(Problems({"evaluation.suite.max_response_tokens=100000"}),
              ElementsAre(HasSubstr("evaluation.suite.max_response_tokens: got 100000")));
  Write("a", {R"({"problem":"what is ü?","answer":1})"});
  EXPECT_THAT(Problems({}), ElementsAre(HasSubstr("evaluation.suite: question a/0: ")))
      << "the embedded model's alphabet cannot spell it";
}

}  // namespace
}  // namespace drover::recipe
