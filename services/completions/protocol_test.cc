#include "services/completions/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace drover::completions {
namespace {

using evaluation::Response;
using evaluation::Sampling;
using ::testing::HasSubstr;
using Json = nlohmann::json;

Sampling WithStop(bool keep) {
  Sampling sampling;
  sampling.max_response_tokens = 100;
  sampling.stop = {"</answer>"};
  sampling.keep_stop = keep;
  return sampling;
}

TEST(RequestBodyTest, ACompletionHasPromptAndSampling) {
  Sampling sampling = WithStop(false);
  sampling.temperature = 0.5;
  const Json body =
      Json::parse(RequestBody({.model = "m", .prompt = "1+1=\xFF", .n = 3, .seed = 7}, sampling, {}));
  EXPECT_EQ(body["model"], "m");
  EXPECT_EQ(body["prompt"], "1+1=\xEF\xBF\xBD");
  EXPECT_EQ(body["n"], 3);
  EXPECT_EQ(body["seed"], 7);
  EXPECT_EQ(body["temperature"], 0.5);
  EXPECT_EQ(body["max_tokens"], 100);
  EXPECT_EQ(body["stop"], Json({"</answer>"}));
  EXPECT_FALSE(body.contains("top_k"));  // the API has none; some servers refuse it
  EXPECT_FALSE(body.contains("min_p"));
  EXPECT_FALSE(body.contains("include_stop_str_in_output"));
}

TEST(RequestBodyTest, WhatTheApiHasNotIsAskedForWhereItIsWanted) {
  const Json body = Json::parse(RequestBody({.model = "m", .prompt = "p"}, {.top_k = 20, .min_p = 0.25}, {}));
  EXPECT_EQ(body["top_k"], 20);
  EXPECT_EQ(body["min_p"], 0.25);
}

TEST(RequestBodyTest, AChatHasMessages) {
  const Json body =
      Json::parse(RequestBody({.model = "m", .prompt = "", .messages = R"([{"role":"user","content":"hi"}])"},
                              {}, {.max_completion_tokens = true}));
  EXPECT_EQ(body["messages"][0]["content"], "hi");
  EXPECT_FALSE(body.contains("prompt"));
  EXPECT_FALSE(body.contains("max_tokens"));
  EXPECT_EQ(body["max_completion_tokens"], 3000);
}

TEST(RequestBodyTest, AKeptStopIsAskedForOrCutHere) {
  const Request request{.model = "m", .prompt = "p"};
  EXPECT_EQ(Json::parse(RequestBody(request, WithStop(true), {}))["include_stop_str_in_output"], true);
  EXPECT_FALSE(Json::parse(RequestBody(request, WithStop(true), {.include_stop = false})).contains("stop"));
}

TEST(RequestBodyTest, FourStopsAtTheMost) {
  Sampling sampling;
  sampling.stop = {"1", "2", "3", "4", "5", "6"};
  EXPECT_EQ(Json::parse(RequestBody({.model = "m", .prompt = "p"}, sampling, {}))["stop"].size(), 4u);
}

TEST(SeedOfTest, EachResponseHasItsOwn) {
  std::set<uint64_t> seeds;
  for (uint64_t number : {0, 1, 1000}) {
    for (uint32_t index = 0; index < 8; ++index) seeds.insert(SeedOf(3, number, index));
  }
  EXPECT_EQ(seeds.size(), 24u);
  EXPECT_LT(*seeds.rbegin(), uint64_t{1} << 31);
  EXPECT_EQ(SeedOf(3, 1, 2), SeedOf(3, 1, 2));
}

TEST(ParseAnswerTest, ChoicesAreInTheOrderOfTheirIndex) {
  const auto answer = ParseAnswer(
      R"({"choices":[{"index":1,"text":"b","finish_reason":"stop","stop_reason":"x"},{"index":0,"text":"a","finish_reason":"length","stop_reason":7}],
          "usage":{"completion_tokens":9}})",
      false);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->choices.size(), 2u);
  EXPECT_EQ(answer->choices[0].text, "a");
  EXPECT_EQ(answer->choices[0].stop_text, std::nullopt);
  EXPECT_EQ(answer->choices[1].text, "b");
  EXPECT_EQ(answer->choices[1].stop_text, "x");
  EXPECT_EQ(answer->completion_tokens, 9u);
}

TEST(ParseAnswerTest, AChatMayHaveNoContentOrParts) {
  const auto answer = ParseAnswer(
      R"({"choices":[{"message":{"role":"assistant","content":null}},{"message":{"content":[{"type":"text","text":"a"},{"text":"b"},3]}}]})",
      true);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->choices[0].text, "");
  EXPECT_EQ(answer->choices[1].text, "ab");
}

TEST(ParseAnswerTest, WhatIsNoAnswerSaysWhy) {
  for (const auto& [body, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "no JSON object"},
           {"<html>bad gateway</html>", "<html>bad gateway"},
           {"[]", "no JSON object"},
           {"null", "no JSON object"},
           {"{}", "no choices"},
           {R"({"choices":{}})", "no choices"},
           {R"({"choices":[]})", "no choices"},
           {R"({"error":{"message":"out of memory"}})", "out of memory"},
           {R"({"choices":[3]})", "without a text"},
           {R"({"choices":[{"text":["a"]}]})", "without a text"},
           {R"({"choices":[{"text":null}]})", "without a text"},
           {R"({"choices":[{"text":"","finish_reason":"error"}]})", "that failed"},
           {R"({"choices":[{"text":"half","finish_reason":"abort"}]})", "that failed"},
           {R"({"choices":[{"text":"","error":{"code":502}}]})", "that failed"},
           {R"({"choices":[{"text":"a"})", "no JSON object"},
           {std::string(100000, '['), "no JSON object"},
           {"{\"choices\":[{\"text\":\"\xFF\"}]}", "no JSON object"}}) {
    const auto answer = ParseAnswer(body, false);
    ASSERT_FALSE(answer.ok()) << body;
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr(why));
    EXPECT_LT(answer.status().message().size(), 300u);
  }
  EXPECT_FALSE(ParseAnswer(R"({"choices":[{"text":"a"}]})", true).ok());
  EXPECT_FALSE(ParseAnswer(R"({"choices":[{"message":{"content":5}}]})", true).ok());
}

TEST(ParseRefusalTest, ErrorsOfSeveralServers) {
  const Refusal refusal =
      ParseRefusal(R"({"error":{"message":"no\nsuch","code":"unsupported_parameter","param":"max_tokens"}})");
  EXPECT_EQ(refusal.message, "no such");
  EXPECT_EQ(refusal.code, "unsupported_parameter");
  EXPECT_EQ(refusal.param, "max_tokens");
  EXPECT_EQ(ParseRefusal(R"({"object":"error","message":"too long","code":400})").message, "too long");
  EXPECT_EQ(ParseRefusal(R"({"error":"model not found"})").message, "model not found");
  EXPECT_EQ(ParseRefusal(R"({"detail":"Not Found"})").message, "Not Found");
  EXPECT_EQ(ParseRefusal("<html>\x1B[31m").message, "<html> [31m");
  EXPECT_EQ(ParseRefusal(std::string(10000, 'x')).message.size(), 300u);
}

Answer OneChoice(std::string text, std::string reason, std::optional<uint64_t> tokens = {}) {
  return {{{std::move(text), std::move(reason), {}}}, tokens};
}

TEST(ResponsesTest, LengthIsTruncated) {
  for (const char* reason : {"length", "max_tokens", "model_length"}) {
    EXPECT_TRUE(Responses(OneChoice("a", reason), {}, 1)[0].truncated) << reason;
  }
  for (const char* reason : {"stop", "eos", "end_turn", "content_filter"}) {
    EXPECT_FALSE(Responses(OneChoice("a", reason), {}, 1)[0].truncated) << reason;
  }
  // Without a reason the count decides.
  EXPECT_TRUE(Responses(OneChoice("a", "", 100), WithStop(false), 1)[0].truncated);
  EXPECT_FALSE(Responses(OneChoice("a", "", 99), WithStop(false), 1)[0].truncated);
}

TEST(ResponsesTest, StopsAreCutHereToo) {
  const Answer answer = OneChoice("0123456789</answer> and so on", "length", 58);
  const Response cut = Responses(answer, WithStop(false), 1)[0];
  EXPECT_EQ(cut.text, "0123456789");
  EXPECT_FALSE(cut.truncated);
  EXPECT_EQ(cut.tokens, 38u);  // of 29 bytes 19 were needed
  EXPECT_EQ(Responses(answer, WithStop(true), 1)[0].text, "0123456789</answer>");
}

TEST(ResponsesTest, TheStopThatIsCompleteFirstCuts) {
  Sampling sampling;
  sampling.stop = {"cdefg", "de", "xcde", "cde"};
  EXPECT_EQ(Responses(OneChoice("abcdefg", "stop"), sampling, 1)[0].text, "ab");
}

TEST(ResponsesTest, AStopThatTheServerNamesIsPutBack) {
  Answer answer = OneChoice("<answer>5", "stop");
  answer.choices[0].stop_text = "</answer>";
  EXPECT_EQ(Responses(answer, WithStop(true), 1)[0].text, "<answer>5</answer>");
  EXPECT_EQ(Responses(answer, WithStop(false), 1)[0].text, "<answer>5");
  answer.choices[0].stop_text = "<|im_end|>";  // not one of ours
  EXPECT_EQ(Responses(answer, WithStop(true), 1)[0].text, "<answer>5");
}

TEST(ResponsesTest, TokensAddUp) {
  const Answer answer{{{"aaaa", "stop", {}}, {"aa", "stop", {}}, {"aa", "stop", {}}}, 17};
  const auto responses = Responses(answer, WithStop(false), 8);
  ASSERT_EQ(responses.size(), 3u);
  EXPECT_EQ(responses[0].tokens + responses[1].tokens + responses[2].tokens, 17u);
  EXPECT_EQ(responses[0].tokens, 9u);                                         // half
  EXPECT_EQ(Responses(OneChoice("123456789", "stop"), {}, 1)[0].tokens, 3u);  // nobody counted
  EXPECT_EQ(Responses(OneChoice("a", "stop", ~uint64_t{0}), WithStop(false), 1)[0].tokens, 100u);
  EXPECT_EQ(Responses(answer, {}, 2).size(), 2u);
}

TEST(MayLackStopTest, OnlyWhereNobodyKnows) {
  const auto choice = [](const char* text, const char* reason) { return Choice{text, reason, {}}; };
  EXPECT_TRUE(MayLackStop(choice("5", "stop"), WithStop(true)));
  EXPECT_FALSE(MayLackStop(choice("5", "stop"), WithStop(false)));
  EXPECT_FALSE(MayLackStop(choice("5", "length"), WithStop(true)));
  EXPECT_FALSE(MayLackStop(choice("5</answer>", "stop"), WithStop(true)));
  EXPECT_FALSE(MayLackStop({"5", "stop", "</answer>"}, WithStop(true)));
}

}  // namespace
}  // namespace drover::completions
