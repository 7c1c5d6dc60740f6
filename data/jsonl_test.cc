#include "data/jsonl.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace drover::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseQuestion, AnswersOfEveryKind) {
  EXPECT_THAT(ParseQuestion(R"({"problem":"p","answer":"65"})")->gold, ElementsAre("65"));
  EXPECT_THAT(ParseQuestion(R"({"answer":["a","b"],"problem":"p"})")->gold, ElementsAre("a", "b"));
  EXPECT_THAT(ParseQuestion(R"({"problem":"p","answer":-7})")->gold, ElementsAre("-7"));
  EXPECT_THAT(ParseQuestion(R"({"problem":"p","answer":1.50})")->gold, ElementsAre("1.50"));
  EXPECT_THAT(ParseQuestion(R"({"problem":"p","answer":[123456789012345678901234567890,"x"]})")->gold,
              ElementsAre("123456789012345678901234567890", "x"));
  const auto nested = ParseQuestion(
      R"({"meta":{"problem":"no","answer":[{"x":1}]},"list":[[1],{"answer":2}],"problem":"\u00e9","answer":"1"})");
  ASSERT_TRUE(nested.ok()) << nested.status();
  EXPECT_EQ(nested->text, "\xc3\xa9");
  EXPECT_THAT(nested->gold, ElementsAre("1"));
}

TEST(ParseQuestion, Errors) {
  const std::pair<std::string, std::string> cases[] = {
      {"{\"problem\":\"p\"", "is not JSON (byte "},
      {"[]", "is a list, must be an object"},
      {"7", "is a number, must be an object"},
      {"null", "is null, must be an object"},
      {"{}", "has no `problem`"},
      {R"({"problem":"p"})", "has no `answer`"},
      {R"({"problem":"","answer":"1"})", "`problem` is empty"},
      {R"({"problem":3,"answer":"1"})", "`problem` is a number, must be a text"},
      {R"({"problem":["p"],"answer":"1"})", "`problem` is a list, must be a text"},
      {R"({"problem":"p","answer":null})", "`answer` has null, may be a text, a number, or a list of these"},
      {R"({"problem":"p","answer":{"x":"1"}})", "`answer` has an object"},
      {R"({"problem":"p","answer":[["1"]]})", "`answer` has a list"},
      {R"({"problem":"p","answer":[true]})", "`answer` has true or false"},
      {R"({"problem":"p","answer":[]})", "`answer` is an empty list"},
      {R"({"problem":" \n","answer":"1"})", "`problem` is empty"},
      {R"({"problem":"p","answer":""})", "`answer` is empty"},
      {R"({"problem":"p","answer":[" ","\t"]})", "`answer` is empty"},
      {R"({"problem":"p","answer":"1","problem":"q"})", "has `problem` twice"},
      {R"({"answer":["1"],"problem":"p","answer":"2"})", "has `answer` twice"},
      {"{\"problem\":\"\xff\",\"answer\":\"1\"}", "is not JSON"},
      {std::string(kMaxLineBytes + 1, ' '), "may be at most 1048576"},
  };
  for (const auto& [line, error] : cases) {
    const auto question = ParseQuestion(line);
    ASSERT_FALSE(question.ok()) << line.substr(0, 100);
    EXPECT_THAT(std::string(question.status().message()), HasSubstr(error));
  }
  std::string many = R"({"problem":"p","answer":[1)";
  for (size_t i = 0; i < kMaxAnswers; ++i) many += ",1";
  EXPECT_THAT(std::string(ParseQuestion(many + "]}").status().message()), HasSubstr("over 256 entries"));
}

TEST(ParseQuestion, AnswersAreTrimmed) {
  EXPECT_THAT(ParseQuestion(R"({"problem":" p ","answer":[" 4\n","","5"]})")->gold, ElementsAre("4", "5"));
  EXPECT_EQ(ParseQuestion(R"({"problem":" p ","answer":4})")->text, " p ");
}

TEST(ParseQuestion, KeysOfOthers) {
  const QuestionKeys keys = {.problem = "prompt", .answer = "reward_model.ground_truth"};
  const auto question = ParseQuestion(
      R"({"prompt":"p","answer":[[1]],"list":[{"prompt":"no"}],"other":{"prompt":1,"ground_truth":2},)"
      R"("reward_model":{"style":"rule","ground_truth":[" 7 ",8]}})",
      keys);
  ASSERT_TRUE(question.ok()) << question.status();
  EXPECT_EQ(question->text, "p");
  EXPECT_THAT(question->gold, ElementsAre("7", "8"));
  const std::pair<std::string, std::string> cases[] = {
      {R"({"problem":"p","answer":"1"})", "has no `prompt`"},
      {R"({"prompt":"p","ground_truth":"1"})", "has no `reward_model.ground_truth`"},
      {R"({"prompt":"p","reward_model":"1"})", "has no `reward_model.ground_truth`"},
      {R"({"prompt":"p","reward_model":[{"ground_truth":"1"}]})", "has no `reward_model.ground_truth`"},
      {R"({"prompt":"p","reward_model":{"ground_truth":{"x":1}}})",
       "`reward_model.ground_truth` has an object"},
      {R"({"prompt":"p","reward_model":{"ground_truth":1},"reward_model":{"ground_truth":2}})",
       "has `reward_model.ground_truth` twice"},
      {R"({"prompt":[{"role":"user","content":"p"}],"reward_model":{"ground_truth":1}})",
       "`prompt` is a list, must be a text"},
  };
  for (const auto& [line, error] : cases) {
    EXPECT_THAT(std::string(ParseQuestion(line, keys).status().message()), HasSubstr(error)) << line;
  }
}

TEST(ParseQuestion, ChatsWhereTheyAreAskedFor) {
  const std::string line =
      R"({"x":{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"a"},)"
      R"({"role":"assistant","content":"b"},{"role":"user","content":"c"}]},"answer":1})";
  QuestionKeys keys = {.problem = "x.prompt"};
  EXPECT_THAT(std::string(ParseQuestion(line, keys).status().message()),
              HasSubstr("`x.prompt` is a list, must be a text"));
  keys.chats = true;
  const auto question = ParseQuestion(line, keys);
  ASSERT_TRUE(question.ok()) << question.status();
  EXPECT_EQ(question->text, "a\nb\nc");
  EXPECT_EQ(nlohmann::json::parse(question->messages).size(), 4u);
  EXPECT_EQ(ParseQuestion(R"({"x":{"prompt":"p"},"answer":1})", keys)->messages, "");
  const std::pair<std::string, std::string> cases[] = {
      {R"({"x":{"prompt":[]},"answer":1})", "`x.prompt` is no list of messages"},
      {R"({"x":{"prompt":[7]},"answer":1})", "`x.prompt` has a message without a text as its role"},
      {R"({"x":{"prompt":[{"role":"user","content":["p"]}]},"answer":1})", "without a text as its content"},
      {R"({"x":{"prompt":[{"role":"user","content":" "}]},"answer":1})", "`x.prompt` is empty"},
      {R"({"x":{"prompt":[{"role":"user","content":"p"}]}})", "has no `answer`"},
  };
  for (const auto& [wrong, error] : cases) {
    EXPECT_THAT(std::string(ParseQuestion(wrong, keys).status().message()), HasSubstr(error)) << wrong;
  }
}

// The parser keeps no stack of its own on the machine's: depth is no attack.
TEST(ParseQuestion, DeepNesting) {
  const std::string deep = "{\"x\":" + std::string(400'000, '[') + std::string(400'000, ']') +
                           ",\"problem\":\"p\",\"answer\":\"1\"}";
  EXPECT_TRUE(ParseQuestion(deep).ok());
}

}  // namespace
}  // namespace drover::data
