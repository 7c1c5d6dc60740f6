#include "programs/model/serve/api_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::serve {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

ApiRequest Parse(ApiEndpoint endpoint, const std::string& body) {
  auto parsed = ParseApiRequest(endpoint, body, {});
  if (const auto* error = std::get_if<ApiError>(&parsed)) {
    ADD_FAILURE() << error->message << " for " << body;
    return {};
  }
  return std::get<ApiRequest>(std::move(parsed));
}
ApiRequest Completion(const std::string& body) { return Parse(ApiEndpoint::kCompletions, body); }
ApiRequest Chat(const std::string& body) { return Parse(ApiEndpoint::kChat, body); }

ApiError Refused(ApiEndpoint endpoint, const std::string& body) {
  auto parsed = ParseApiRequest(endpoint, body, {});
  if (const auto* error = std::get_if<ApiError>(&parsed)) return *error;
  ADD_FAILURE() << "taken: " << body;
  return {};
}

TEST(ParseCompletionTest, DefaultsAreThoseOfTheApi) {
  const ApiRequest request = Completion(R"({"prompt":"Hi"})");
  ASSERT_EQ(request.prompts.size(), 1u);
  EXPECT_EQ(std::get<std::string>(request.prompts[0]), "Hi");
  EXPECT_EQ(request.n, 1u);
  EXPECT_EQ(request.max_tokens, std::nullopt);
  EXPECT_EQ(request.temperature, 1.0);
  EXPECT_EQ(request.top_p, 1.0);
  EXPECT_EQ(request.seed, std::nullopt);
  EXPECT_FALSE(request.stream || request.echo || request.logprobs || request.keep_stop);
  EXPECT_TRUE(request.add_special_tokens);
}

TEST(ParseCompletionTest, EveryField) {
  const ApiRequest request =
      Completion(R"({"model":"m","prompt":["a",[3,4],"b"],"n":2,"best_of":2,"max_tokens":7,
      "temperature":0,"top_p":0.5,"top_k":-1,"min_p":0.1,"seed":-1,"stop":"x","stream":true,"logprobs":3,
      "stream_options":{"include_usage":true},"suffix":null,"presence_penalty":0.0,"logit_bias":{},"user":"me",
      "include_stop_str_in_output":true,"add_special_tokens":false,"echo":false})");
  EXPECT_EQ(request.model, "m");
  ASSERT_EQ(request.prompts.size(), 3u);
  EXPECT_EQ(std::get<std::vector<uint32_t>>(request.prompts[1]), (std::vector<uint32_t>{3, 4}));
  EXPECT_EQ(request.n, 2u);
  EXPECT_EQ(request.max_tokens, 7u);
  EXPECT_EQ(request.temperature, 0.0);
  EXPECT_EQ(request.top_p, 0.5);
  EXPECT_EQ(request.top_k, 0u);
  EXPECT_EQ(request.min_p, 0.1);
  EXPECT_EQ(request.seed, ~uint64_t{0});
  EXPECT_EQ(request.stop, std::vector<std::string>{"x"});
  EXPECT_TRUE(request.stream && request.include_usage && request.keep_stop && request.logprobs);
  EXPECT_EQ(request.top_logprobs, 3u);
  EXPECT_FALSE(request.add_special_tokens);
}

TEST(ParseCompletionTest, APromptOfTokens) {
  const ApiRequest request = Completion(R"({"prompt":[1,2,3]})");
  ASSERT_EQ(request.prompts.size(), 1u);
  EXPECT_EQ(std::get<std::vector<uint32_t>>(request.prompts[0]), (std::vector<uint32_t>{1, 2, 3}));
}

TEST(ParseChatTest, MessagesKeepWhatTemplatesRead) {
  const ApiRequest request = Chat(R"({"messages":[{"role":"system","content":"Be brief."},
      {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"name":"Eve"},
      {"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}],
      "max_tokens":5,"max_completion_tokens":9,"logprobs":true,"top_logprobs":2,"tools":[],
      "response_format":{"type":"text"},"chat_template_kwargs":{"enable_thinking":false}})");
  EXPECT_EQ(request.messages, nlohmann::ordered_json::parse(R"([{"role":"system","content":"Be brief."},
      {"role":"user","content":"a\nb","name":"Eve"},
      {"role":"assistant","content":"","tool_calls":[{"id":"1"}]}])"));
  EXPECT_EQ(request.max_tokens, 9u);
  EXPECT_TRUE(request.logprobs);
  EXPECT_EQ(request.top_logprobs, 2u);
  EXPECT_EQ(request.template_variables.dump(), R"({"enable_thinking":false})");
}

struct Wrong {
  ApiEndpoint endpoint;
  const char* body;
  const char* param;
  const char* says;
};
constexpr auto kText = ApiEndpoint::kCompletions;
constexpr auto kTalk = ApiEndpoint::kChat;
#define CHAT_WITH(fields) R"({"messages":[{"role":"user","content":"a"}],)" fields "}"

class ParseRefusesTest : public ::testing::TestWithParam<Wrong> {};

TEST_P(ParseRefusesTest, SayingWhatAndWhereAndWhatWouldBeRight) {
  const ApiError error = Refused(GetParam().endpoint, GetParam().body);
  EXPECT_EQ(error.status, 400u);
  EXPECT_EQ(error.type, "invalid_request_error");
  EXPECT_EQ(error.param, GetParam().param);
  EXPECT_THAT(error.message, HasSubstr(GetParam().says));
  EXPECT_LT(error.message.size(), 1000u);
}
INSTANTIATE_TEST_SUITE_P(
    All, ParseRefusesTest,
    ::testing::Values(
        Wrong{kText, "", "", "JSON object"}, Wrong{kText, "{\"prompt\":", "", "JSON object"},
        Wrong{kText, "[]", "", "must be a JSON object"},
        Wrong{kText, "{\"prompt\":\"\xff\"}", "", "JSON object"},
        Wrong{kText, "{\"prompt\":\"a\",\"prompt\":\"b\"}", "", "prompt"},
        Wrong{kText, "{}", "prompt", "prompt is missing; it must be a string"},
        Wrong{kText, R"({"prompt":[]})", "prompt", "an array of token ids"},
        Wrong{kText, R"({"prompt":5})", "prompt", "prompt is 5"},
        Wrong{kText, R"({"prompt":[1,-2]})", "prompt[1]", "prompt[1] is -2; it must be a token id"},
        Wrong{kText, R"({"prompt":["a",{"b":1}]})", "prompt[1]", "a string or an array of token ids"},
        Wrong{kText, R"({"prompt":"a","n":0})", "n", "n is 0; it must be an integer from 1 to 128"},
        Wrong{kText, R"({"prompt":["a","b"],"n":100})", "n", "200 choices; a request may ask for 128"},
        Wrong{kText, R"({"prompt":"a","max_tokens":0})", "max_tokens", "from 1 to"},
        Wrong{kText, R"({"prompt":"a","max_tokens":2.5})", "max_tokens", "2.5; it must be an integer"},
        Wrong{kText, R"({"prompt":"a","max_tokens":18446744073709551615})", "max_tokens", "an integer"},
        Wrong{kText, R"({"prompt":"a","temperature":-1})", "temperature", "a number from 0 to 100"},
        Wrong{kText, R"({"prompt":"a","temperature":"hot"})", "temperature", "\"hot\""},
        Wrong{kText, R"({"prompt":"a","top_p":1.5})", "top_p", "a number from 0 to 1"},
        Wrong{kText, R"({"prompt":"a","top_p":0})", "top_p", "above 0"},
        Wrong{kText, R"({"prompt":"a","seed":1.5})", "seed", "64 bits"},
        Wrong{kText, R"({"prompt":"a","stop":""})", "stop", "1 to 256 bytes"},
        Wrong{kText, R"({"prompt":"a","stop":["a",7]})", "stop[1]", "a string"},
        Wrong{kText, R"({"prompt":"a","stop":{"a":7}})", "stop", "a string or an array"},
        Wrong{kText, R"({"prompt":"a","stream":"yes"})", "stream", "true or false"},
        Wrong{kText, R"({"prompt":"a","stream_options":{}})", "stream_options", "stream to be true"},
        Wrong{kText, R"({"prompt":"a","stream":true,"stream_options":{"x":1}})", "stream_options.x",
              "it takes: include_obfuscation, include_usage"},
        Wrong{kText, R"({"prompt":"a","logprobs":true})", "logprobs", "an integer from 0 to 20"},
        Wrong{kText, R"({"prompt":"a","logprobs":1,"echo":true})", "echo", "drover score"},
        Wrong{kText, R"({"prompt":"a","best_of":3})", "best_of", "must equal n"},
        Wrong{kText, R"({"prompt":"a","suffix":"b"})", "suffix", "leave it out"},
        Wrong{kText, R"({"prompt":"a","logit_bias":{"5":1}})", "logit_bias", "changes no logits"},
        Wrong{kText, R"({"prompt":"a","frequency_penalty":0.5})", "frequency_penalty", "or 0"},
        Wrong{kText, R"({"prompt":"a","messages":[]})", "messages",
              "does not know the parameter \"messages\""},
        Wrong{kText, R"({"prompt":"a","max_new_tokens":3})", "max_new_tokens", "max_tokens"},
        Wrong{kTalk, "{}", "messages", "messages is missing"},
        Wrong{kTalk, R"({"messages":[]})", "messages", "at least one message"},
        Wrong{kTalk, R"({"messages":["a"]})", "messages[0]", "an object with role and content"},
        Wrong{kTalk, R"({"messages":[{"content":"a"}]})", "messages[0].role", "messages[0].role is missing"},
        Wrong{kTalk, R"({"messages":[{"role":"user"}]})", "messages[0].content", "content is missing"},
        Wrong{kTalk,
              R"({"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}]})",
              "messages[0].content[0]", "reads text alone"},
        Wrong{kTalk, CHAT_WITH(R"("prompt":"a")"), "prompt", "does not know"},
        Wrong{kTalk, CHAT_WITH(R"("top_logprobs":2)"), "top_logprobs", "logprobs to be true"},
        Wrong{kTalk, CHAT_WITH(R"("logprobs":true,"top_logprobs":21)"), "top_logprobs", "0 to 20"},
        Wrong{kTalk, CHAT_WITH(R"("tools":[{"type":"function"}])"), "tools", "calls no tools"},
        Wrong{kTalk, CHAT_WITH(R"("tool_choice":"required")"), "tool_choice", "calls no tools"},
        Wrong{kTalk, CHAT_WITH(R"("response_format":{"type":"json_object"})"), "response_format",
              "no response"},
        Wrong{kTalk, CHAT_WITH(R"("chat_template_kwargs":[])"), "chat_template_kwargs", "an object"}));

TEST(ParseApiRequestTest, BoundsHoldForBodiesAndDepth) {
  const std::string deep = R"({"prompt":"a","user":)" + std::string(1000, '[') + std::string(1000, ']') + "}";
  EXPECT_EQ(Refused(kText, deep).status, 400u);
  const std::string large = R"({"prompt":")" + std::string(size_t{5} << 20, 'a') + "\"}";
  EXPECT_EQ(Refused(kText, large).status, 400u);
  Json many = {{"prompt", "a"}, {"stop", Json::array()}};
  for (int i = 0; i < 17; ++i) many["stop"].push_back("s");
  EXPECT_THAT(Refused(kText, many.dump()).message, HasSubstr("up to 16"));
  EXPECT_THAT(Refused(kText, Json({{"prompt", Json(std::vector<std::string>(200, "a"))}}).dump()).message,
              HasSubstr("200 prompts"));
}

// A right request with one change anywhere is read, or refused with a reason that names its field.
TEST(ParseApiRequestTest, EveryMutationIsReadOrRefused) {
  const Json right =
      Json::parse(R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],
      "n":2,"temperature":0.5,"stop":["a","b"],"stream":true,"stream_options":{"include_usage":true},"seed":5,
      "logprobs":true,"top_logprobs":3,"max_tokens":5})");
  const std::vector<Json> others = {nullptr,
                                    true,
                                    0,
                                    -1,
                                    1.5,
                                    1e300,
                                    "",
                                    "text",
                                    Json::array(),
                                    Json::object(),
                                    Json::array({1}),
                                    Json::array({nullptr}),
                                    Json::object({{"a", 1}})};
  int refused = 0;
  const Json flat = right.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    for (std::string path = pointer; !path.empty(); path.resize(path.rfind('/'))) {
      for (const Json& other : others) {
        Json body = right;
        body[Json::json_pointer(path)] = other;
        const auto parsed = ParseApiRequest(ApiEndpoint::kChat, body.dump(), {});
        if (const auto* error = std::get_if<ApiError>(&parsed)) {
          ++refused;
          EXPECT_FALSE(error->message.empty());
          EXPECT_FALSE(error->param.empty()) << error->message;
          EXPECT_EQ(error->status, 400u);
        }
      }
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace drover::serve
