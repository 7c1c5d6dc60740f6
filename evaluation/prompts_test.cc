#include "evaluation/prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace drover::evaluation {
namespace {

using model::jinja::Json;
using ::testing::HasSubstr;

SuiteQuestion Question(const std::string& text) {
  SuiteQuestion question;
  question.id = "a/0";
  question.question.text = text;
  return question;
}

const FewShotExample kWorked = {.problem = "1+1=?", .solution = "It is 2."};

std::string Prompt(const std::string& prompt_template, std::vector<FewShotExample> examples) {
  return PromptBuilder::Create(*data::FindTemplate(prompt_template), nullptr, std::move(examples))
      ->Build(Question("2+2=?"), 1)
      ->prompt;
}

TEST(PromptBuilder, ExamplesStandBeforeTheQuestion) {
  EXPECT_EQ(Prompt("none", {}), "2+2=?");
  EXPECT_EQ(Prompt("none", {kWorked}), "1+1=?\nIt is 2.\n\n2+2=?");
  EXPECT_EQ(Prompt("Q: {question}\nA:", {kWorked, kWorked}),
            "Q: 1+1=?\nA: It is 2.\n\nQ: 1+1=?\nA: It is 2.\n\nQ: 2+2=?\nA:");
  EXPECT_EQ(Prompt("Q: {question}\nA: ", {kWorked}), "Q: 1+1=?\nA: It is 2.\n\nQ: 2+2=?\nA: ");
  EXPECT_EQ(Prompt("Q: {question}\nA:", {{.text = "Sums are easy."}}), "Sums are easy.\n\nQ: 2+2=?\nA:");
}

TEST(PromptBuilder, AChatThatIsWrittenDownElsewhere) {
  const auto builder = PromptBuilder::Create(*data::FindTemplate("chat"), nullptr, {kWorked});
  const auto ask = builder->Build(Question("2+2=?"), 3);
  EXPECT_EQ(ask->prompt, "");
  EXPECT_EQ(ask->n, 3u);
  EXPECT_EQ(ask->messages, R"([{"role":"user","content":"1+1=?"},{"role":"assistant","content":"It is 2."},)"
                           R"({"role":"user","content":"2+2=?"}])");
  SuiteQuestion chat = Question("Be brief. 2+2=?");
  chat.question.messages = R"([{"role":"system","content":"Be brief."},{"role":"user","content":"2+2=?"}])";
  EXPECT_EQ(builder->Build(chat, 1)->messages,
            R"([{"role":"system","content":"Be brief."},{"role":"user","content":"1+1=?"},)"
            R"({"role":"assistant","content":"It is 2."},{"role":"user","content":"2+2=?"}])");
}

TEST(PromptBuilder, AChatThatIsWrittenDownHere) {
  auto chat = std::make_shared<const model::jinja::ChatTemplate>(*model::jinja::ChatTemplate::Parse(
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>", Json::object()));
  const auto ask =
      PromptBuilder::Create(*data::FindTemplate("chat"), chat, {kWorked})->Build(Question("2+2=?"), 1);
  EXPECT_EQ(ask->prompt, "<user>1+1=?<assistant>It is 2.<user>2+2=?<assistant>");
}

TEST(PromptBuilder, WhatDoesNotGoTogether) {
  SuiteQuestion chat = Question("2+2=?");
  chat.question.messages = R"([{"role":"user","content":"2+2=?"}])";
  const auto text = PromptBuilder::Create(*data::FindTemplate("r1"), nullptr, {})->Build(chat, 1);
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("question a/0: is a chat"));
  const auto example = PromptBuilder::Create(*data::FindTemplate("chat"), nullptr, {{.text = "x"}});
  EXPECT_TRUE(absl::IsInvalidArgument(example.status()));
}

TEST(ReadFewShot, LinesAndWhatIsWrongWithThem) {
  const std::string path = ::testing::TempDir() + "few_shot.jsonl";
  const auto read = [&](const std::string& text) {
    std::ofstream(path) << text;
    return ReadFewShot(path);
  };
  const auto examples =
      read("{\"problem\":\"1+1=?\",\"solution\":\"2\",\"id\":7}\n\n{\"text\":\"as it is\"}\n");
  ASSERT_TRUE(examples.ok()) << examples.status();
  EXPECT_EQ((*examples)[0].solution, "2");
  EXPECT_EQ((*examples)[1].text, "as it is");
  const std::pair<std::string, std::string> cases[] = {
      {"", "has no example"},
      {"{\"text\":\"a\"}\n{\"problem\":\"p\"}", ":2: solution is missing"},
      {"{\"text\":\"a\",\"problem\":\"p\"}", ":1: must have either \"text\" or"},
      {"{}", ":1: must have either"},
      {"{\"text\":\"\"}", ":1: \"text\" is empty"},
      {"{\"problem\":1,\"solution\":\"s\"}", ":1: problem is 1"},
      {"no", ":1: "},
  };
  for (const auto& [text, why] : cases) {
    const absl::Status status = read(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  }
  EXPECT_TRUE(absl::IsNotFound(ReadFewShot(path + ".missing").status()));
}

}  // namespace
}  // namespace drover::evaluation
