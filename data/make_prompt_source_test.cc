#include "data/make_prompt_source.h"

#include <fstream>
#include <map>
#include <set>

#include "data/generators.h"
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
    auto source = MakePromptSource(recipe, std::move(options));
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

// Orders of docs/reference/questions.md: shuffles of random-numbers.md, where this seed and stream have their values.
TEST_F(PromptSourceTest, OrdersAreThoseOfTheReference) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_run()->set_seed(5);
  recipe.mutable_data()->set_train(Write("order", 7));
  recipe.mutable_data()->set_heldout(Write("evaluated", 12));
  const auto source = Make(recipe);
  std::vector<uint64_t> heldout, trained;
  for (const v1::Prompt& prompt : source->HeldoutPrompts(12)) heldout.push_back(prompt.index());
  for (const v1::Prompt& prompt : TrainPrompts(*source, 7)) trained.push_back(prompt.index());
  EXPECT_THAT(heldout, testing::ElementsAre(7, 0, 8, 3, 11, 6, 10, 9, 1, 2, 5, 4));
  EXPECT_THAT(trained, testing::ElementsAre(2, 0, 4, 1, 3, 5, 6));
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

TEST_F(PromptSourceTest, TwinsThatDifferByWhiteSpaceLeaveTraining) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(Write("twin", 20));
  recipe.mutable_data()->set_heldout(testing::TempDir() + "/twins.jsonl");
  std::ofstream(recipe.data().heldout()) << R"({"problem":"twin  5","answer":5})"
                                         << "\n"
                                         << R"({"problem":"twin 7\n","answer":7})"
                                         << "\n"
                                         << R"({"problem":" twin 7","answer":7})"
                                         << "\n";
  const auto source = Make(recipe);
  EXPECT_EQ(source->train_size(), 18u);
  EXPECT_EQ(source->HeldoutPrompts(9).size(), 2u);
  EXPECT_THAT(
      source->report().Warnings(recipe),
      testing::ElementsAre(HasSubstr("2 questions are left out, which are among data.heldout's too")));
}

TEST_F(PromptSourceTest, NothingHeldOutIsAWarningWhereItIsAskedFor) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(Write("few", 60));
  recipe.mutable_data()->set_heldout_share(1e-9);
  const auto source = Make(recipe);
  EXPECT_EQ(source->HeldoutPrompts(9).size(), 0u);
  EXPECT_THAT(source->report().Warnings(recipe), testing::ElementsAre()) << "no evaluation is asked for";
  recipe.mutable_evaluation()->set_questions(8);
  EXPECT_THAT(source->report().Warnings(recipe),
              testing::ElementsAre(testing::AllOf(HasSubstr("no question of 60 is held out"),
                                                  HasSubstr("data.heldout_share = 1e-09"))));
  recipe.mutable_data()->set_train("arithmetic");
  EXPECT_THAT(Make(recipe)->report().Warnings(recipe), testing::SizeIs(1));
}

std::shared_ptr<const model::jinja::ChatTemplate> Chat(const std::string& source) {
  return std::make_shared<const model::jinja::ChatTemplate>(
      model::jinja::ChatTemplate::Parse(source, {{"bos_token", "<s>"}}).value());
}

TEST_F(PromptSourceTest, TheModelsOwnTemplateWritesChatsDown) {
  v1::Recipe recipe = Arithmetic();
  v1::DataSettings& data = *recipe.mutable_data();
  data.set_template_("chat");
  data.set_heldout_share(1e-9);
  data.set_train(testing::TempDir() + "/chats.jsonl");
  std::ofstream(data.train())
      << R"({"problem":[{"role":"system","content":"S"},{"role":"user","content":"q"}],"answer":1})"
      << "\n"
      << R"({"problem":"q 2","answer":2})";
  EXPECT_EQ(MakePromptSource(recipe).status().code(), absl::StatusCode::kFailedPrecondition);
  PromptSourceOptions options;
  options.chat = Chat(
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
      "{% if add_generation_prompt %}[assistant]{% endif %}");
  const auto source = Make(recipe, options);
  std::map<std::string, std::string> texts;
  for (const v1::Prompt& prompt : TrainPrompts(*source, 2)) texts[prompt.question()] = prompt.text();
  EXPECT_EQ(texts["q"], "<s>[system]S[user]q[assistant]");
  EXPECT_EQ(texts["q 2"], "<s>[user]q 2[assistant]");
  EXPECT_EQ(source->prompt_template().reward_format, "boxed");

  data.set_train("arithmetic");
  const auto generated = Make(recipe, options);
  const v1::Prompt prompt = generated->TrainPrompt(0);
  EXPECT_EQ(prompt.text(), "<s>[user]" + prompt.question() + "[assistant]");
  EXPECT_THAT(generated->PretrainExample(0)->prompt, testing::StartsWith("<s>[user]"));
}

TEST_F(PromptSourceTest, AChatThatTheTemplateRefusesIsNamed) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_template_("chat");
  recipe.mutable_data()->set_train(Write("refused", 60));
  PromptSourceOptions options;
  options.chat = Chat("{% if '42' in messages[0].content %}{{ raise_exception('not this') }}{% endif %}x");
  EXPECT_THAT(std::string(MakePromptSource(recipe, options).status().message()),
              testing::AllOf(HasSubstr("data.train: question 43 (\"refused 42\")"),
                             HasSubstr("the template refuses: not this")));
}

TEST_F(PromptSourceTest, KeysOfTheFile) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(testing::TempDir() + "/keys.jsonl");
  std::ofstream(recipe.data().train()) << R"({"prompt":"q","reward_model":{"ground_truth":"a"}})";
  recipe.mutable_data()->set_heldout_share(1e-9);
  EXPECT_THAT(std::string(MakePromptSource(recipe).status().message()), HasSubstr("has no `problem`"));
  recipe.mutable_data()->set_problem_key("prompt");
  recipe.mutable_data()->set_answer_key("reward_model.ground_truth");
  const v1::Prompt prompt = Make(recipe)->TrainPrompt(0);
  EXPECT_EQ(prompt.question(), "q");
  EXPECT_EQ(prompt.gold(0), "a");
}

// Judges by the length of the text.
PromptSourceOptions AtMost(size_t bytes) {
  return {.judge = [bytes](std::string_view text) -> absl::StatusOr<PromptVerdict> {
    if (text.size() <= bytes) return PromptVerdict{};
    return PromptVerdict{PromptFit::kTooLong, "too long"};
  }};
}

TEST_F(PromptSourceTest, WhatDoesNotFitIsLeftOutAndCounted) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(Write("k", 200));
  recipe.mutable_data()->set_max_prompt_tokens(4);
  auto source = Make(recipe, AtMost(4));  // "k 0" to "k 99"
  EXPECT_EQ(source->report().too_long, 100u);
  EXPECT_EQ(source->train_size() + source->HeldoutPrompts(1000).size(), 100u);
  for (const v1::Prompt& prompt : TrainPrompts(*source, 150)) EXPECT_LE(prompt.text().size(), 4u);
  EXPECT_THAT(
      source->report().Warnings(recipe),
      testing::ElementsAre(HasSubstr("100 questions are left out, whose prompt is longer than 4 tokens")));

  source = Make(recipe, {.judge = [](std::string_view text) -> absl::StatusOr<PromptVerdict> {
                  if (text.find('7') == std::string_view::npos) return PromptVerdict{};
                  return PromptVerdict{PromptFit::kUnspelled, "no 7 here"};
                }});
  EXPECT_EQ(source->report().too_long, 0u);
  EXPECT_THAT(source->report().Warnings(recipe),
              testing::ElementsAre(
                  testing::AllOf(HasSubstr("questions are left out, which the tokenizer cannot spell"),
                                 HasSubstr("data.train: question 18 (\"k 17\"): no 7 here"))));
}

TEST_F(PromptSourceTest, AJudgesErrorNamesTheQuestion) {
  const PromptSourceOptions options = {.judge = [](std::string_view text) -> absl::StatusOr<PromptVerdict> {
    if (text.find("42") == std::string_view::npos) return PromptVerdict{};
    return absl::FailedPreconditionError("no such id");
  }};
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(Write("judged", 60));
  const std::string named = "question 43 (\"judged 42\"): no such id";
  absl::Status status = MakePromptSource(recipe, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(), "data.train: " + named);
  recipe.mutable_data()->set_heldout(recipe.data().train());
  recipe.mutable_data()->set_train(Write("other", 10));
  EXPECT_EQ(MakePromptSource(recipe, options).status().message(), "data.heldout: " + named);
  recipe.mutable_data()->set_train("arithmetic");
  EXPECT_THAT(std::string(MakePromptSource(recipe, options).status().message()),
              testing::AllOf(testing::StartsWith("data.train: question "), HasSubstr("42")));
}

TEST_F(PromptSourceTest, NothingLeft) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_max_prompt_tokens(3);
  for (const std::string& train : {std::string("arithmetic"), Write("none", 10)}) {
    recipe.mutable_data()->set_train(train);
    const auto source = MakePromptSource(recipe, AtMost(0));
    ASSERT_FALSE(source.ok());
    EXPECT_THAT(std::string(source.status().message()),
                testing::AllOf(HasSubstr("data.train: " + train + " leaves no question"),
                               HasSubstr("data.max_prompt_tokens = 3")));
  }
}

TEST_F(PromptSourceTest, FormatsAndFilters) {
  const std::string train = testing::TempDir() + "/math.jsonl", heldout = testing::TempDir() + "/plain.jsonl";
  std::ofstream file(train);
  for (int i = 0; i < 50; ++i) {
    file << R"({"problem":"q)" << i << R"(","level":"Level )" << i % 5 + 1
         << R"(","type":"Algebra","solution":"\\boxed{)" << i << "}\"}\n";
  }
  file << R"({"problem":"proof","level":"Level 5","type":"Algebra","solution":"QED"})"
       << "\n";
  file.close();
  std::ofstream(heldout) << R"({"problem":"q4","answer":4})"
                         << "\n";
  v1::Recipe recipe = Arithmetic();
  v1::DataSettings& data = *recipe.mutable_data();
  data.set_train(train);
  data.set_heldout(heldout);
  data.set_format("math");
  data.set_heldout_format("jsonl");
  data.set_levels("3-5");
  data.add_subjects("Algebra");
  const auto source = MakePromptSource(recipe);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->train_size(), 29u) << "levels 3 to 5 without the one that is held out";
  EXPECT_EQ((*source)->report().unwanted, 20u);
  EXPECT_EQ((*source)->report().twins, 1u);
  for (uint64_t n = 0; n < 29; ++n) {
    const v1::Prompt prompt = (*source)->TrainPrompt(n);
    EXPECT_GE(prompt.index() % 5, 2u);
    EXPECT_EQ(prompt.gold(0), std::to_string(prompt.index()));
  }
  EXPECT_EQ((*source)->HeldoutPrompts(5).size(), 1u);
  EXPECT_THAT((*source)->report().Warnings(recipe),
              testing::Contains(
                  HasSubstr("1 records of question files are left out, which have no answer; the first is " +
                            train + ":51: has no \\boxed{} in its solution")));
  data.set_levels("6");
  EXPECT_THAT(std::string(MakePromptSource(recipe).status().message()),
              HasSubstr("50 by data.levels, data.subjects or a pass rate"));
}

TEST_F(PromptSourceTest, MixturesHaveTheirShares) {
  v1::Recipe recipe = Arithmetic();
  v1::DataSettings& data = *recipe.mutable_data();
  data.set_train("mixture");
  data.add_mixture(Write("first", 40) + ":3");
  const std::string second = testing::TempDir() + "/second.jsonl";
  std::ofstream(second) << R"({"question":"of gsm8k","answer":"#### 5"})"
                        << "\n";
  data.add_mixture(second + ":1:gsm8k");
  data.set_heldout_share(0.01);
  const auto source = MakePromptSource(recipe);
  ASSERT_TRUE(source.ok()) << source.status();
  int of_second = 0;
  for (uint64_t n = 0; n < 1000; ++n) {
    const v1::Prompt prompt = (*source)->TrainPrompt(n);
    if (prompt.question() != "of gsm8k") continue;
    ++of_second;
    EXPECT_EQ(prompt.index(), 40u) << "numbered after those of the file before";
  }
  EXPECT_EQ(of_second, 250);
  data.set_mixture(1, "/does/not/exist.jsonl:1");
  EXPECT_EQ(MakePromptSource(recipe).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(PromptSourceTest, ACurriculumGoesByPassRates) {
  const std::string path = testing::TempDir() + "/rated.jsonl";
  std::ofstream file(path);
  for (int i = 0; i < 100; ++i)
    file << R"({"problem":"q)" << i << R"(","answer":1,"pass_rate":)" << i / 100.0 << "}\n";
  file.close();
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train(path);
  recipe.mutable_data()->mutable_curriculum()->set_prompts(500);
  recipe.mutable_data()->mutable_curriculum()->set_window(0.1);
  const auto source = MakePromptSource(recipe);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_GE((*source)->TrainPrompt(0).index(), 85u) << "easy ones first";
  EXPECT_LE((*source)->TrainPrompt(499).index(), 15u) << "hard ones last";
  std::ofstream(path, std::ios::app) << R"({"problem":"unrated","answer":1})"
                                     << "\n";
  recipe.mutable_data()->set_heldout_share(1e-9);
  EXPECT_THAT(std::string(MakePromptSource(recipe).status().message()),
              HasSubstr("question 101 (\"unrated\") of data.train has no pass_rate"));
}

TEST_F(PromptSourceTest, EveryGeneratorIsASource) {
  for (const std::string& name : GeneratorNames()) {
    v1::Recipe recipe = Arithmetic();
    recipe.mutable_data()->set_train(name);
    v1::CountdownSettings& countdown = *recipe.mutable_data()->mutable_countdown();
    countdown.set_min_numbers(3);
    countdown.set_max_numbers(4);
    countdown.set_max_number(99);
    countdown.set_max_target(100);
    v1::WordProblemSettings& words = *recipe.mutable_data()->mutable_word_problems();
    words.set_min_steps(1);
    words.set_max_steps(2);
    words.set_max_number(50);
    const auto source = MakePromptSource(recipe);
    ASSERT_TRUE(source.ok()) << source.status();
    EXPECT_EQ((*source)->TrainPrompt(7).text(), (*source)->TrainPrompt(7).text());
    EXPECT_NE((*source)->TrainPrompt(7).text(), (*source)->TrainPrompt(8).text());
    EXPECT_EQ((*source)->HeldoutPrompts(5).size(), 5u);
    EXPECT_TRUE((*source)->PretrainExample(0).ok());
  }
}

TEST_F(PromptSourceTest, MissingFile) {
  v1::Recipe recipe = Arithmetic();
  recipe.mutable_data()->set_train("/does/not/exist.jsonl");
  EXPECT_EQ(MakePromptSource(recipe).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace drover::data
