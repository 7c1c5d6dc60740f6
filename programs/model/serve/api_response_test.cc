#include "programs/model/serve/api_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "base/status.h"

namespace drover::serve {
namespace {

using Json = nlohmann::json;

AnswerHead Head(ApiEndpoint endpoint, bool include_usage = false) {
  return {.endpoint = endpoint,
          .id = "the-id",
          .created = 1700000000,
          .model = "tiny",
          .fingerprint = "drover-x",
          .include_usage = include_usage};
}

ChoicePart Part() {
  ChoicePart part = {.index = 1, .text = "h\xC3\xA9", .logprobs = true};
  part.tokens = {{"h", -0.25F, {{"h", -0.25F}, {"\xC3", -2.0F}}, 0},
                 {"\xC3", -1.5F, {{"a", -0.5F}, {"b", -std::numeric_limits<float>::infinity()}}, 1}};
  part.finish_reason = "stop";
  return part;
}

// The JSON of one event.
Json Event(const std::string& event) {
  EXPECT_TRUE(absl::StartsWith(event, "data: "));
  EXPECT_TRUE(absl::EndsWith(event, "\n\n"));
  EXPECT_EQ(event.find('\n'), event.size() - 2) << "an event is one line";
  return Json::parse(event.substr(6));
}

TEST(WholeAnswerTest, OfACompletion) {
  const Json answer = Json::parse(
      WholeAnswer(Head(ApiEndpoint::kCompletions), {Part()}, {.prompt_tokens = 3, .completion_tokens = 2}));
  EXPECT_EQ(answer,
            Json::parse(R"({"id":"the-id","object":"text_completion","created":1700000000,"model":"tiny",
      "system_fingerprint":"drover-x","choices":[{"index":1,"text":"hé","finish_reason":"stop","logprobs":{
        "tokens":["h","bytes:\\xc3"],"token_logprobs":[-0.25,-1.5],"text_offset":[0,1],
        "top_logprobs":[{"h":-0.25,"bytes:\\xc3":-2.0},{"a":-0.5,"b":-9999.0,"bytes:\\xc3":-1.5}]}}],
      "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})"));
}

TEST(WholeAnswerTest, OfAChat) {
  const Json answer = Json::parse(WholeAnswer(Head(ApiEndpoint::kChat), {Part()}, {}));
  EXPECT_EQ(answer["object"], "chat.completion");
  EXPECT_EQ(answer["choices"][0], Json::parse(R"({"index":1,"finish_reason":"stop",
      "message":{"role":"assistant","content":"hé","refusal":null},
      "logprobs":{"refusal":null,"content":[
        {"token":"h","logprob":-0.25,"bytes":[104],"top_logprobs":[
          {"token":"h","logprob":-0.25,"bytes":[104]},{"token":"\ufffd","logprob":-2.0,"bytes":[195]}]},
        {"token":"\ufffd","logprob":-1.5,"bytes":[195],"top_logprobs":[
          {"token":"a","logprob":-0.5,"bytes":[97]},{"token":"b","logprob":-9999.0,"bytes":[98]}]}]}})"));
}

TEST(WholeAnswerTest, WithoutWhatWasNotAskedFor) {
  ChoicePart part = Part();
  part.tokens[0].top.clear();
  part.tokens[1].top.clear();
  Json answer = Json::parse(WholeAnswer(Head(ApiEndpoint::kCompletions), {part}, {}));
  EXPECT_TRUE(answer["choices"][0]["logprobs"]["top_logprobs"].is_null());
  part.logprobs = false;
  part.stop_text = "END";
  answer = Json::parse(WholeAnswer(Head(ApiEndpoint::kCompletions), {part}, {}));
  EXPECT_TRUE(answer["choices"][0]["logprobs"].is_null());
  EXPECT_EQ(answer["choices"][0]["stop_reason"], "END");
}

TEST(EventTest, OfAChat) {
  const AnswerHead head = Head(ApiEndpoint::kChat, /*include_usage=*/true);
  const Json role = Event(RoleEvent(head, 2));
  EXPECT_EQ(role["object"], "chat.completion.chunk");
  EXPECT_EQ(role["choices"], Json::parse(R"([{"index":2,"delta":{"role":"assistant","content":""},
      "logprobs":null,"finish_reason":null}])"));
  EXPECT_TRUE(role.contains("usage") && role["usage"].is_null());
  ChoicePart part = {.index = 2, .text = "line\nline"};
  EXPECT_EQ(
      Event(TextEvent(head, part))["choices"],
      Json::parse(R"([{"index":2,"delta":{"content":"line\nline"},"logprobs":null,"finish_reason":null}])"));
  part.finish_reason = "length";
  EXPECT_EQ(Event(FinishEvent(head, part))["choices"],
            Json::parse(R"([{"index":2,"delta":{},"logprobs":null,"finish_reason":"length"}])"));
  const Json usage = Event(UsageEvent(head, {.prompt_tokens = 1, .completion_tokens = 2}));
  EXPECT_EQ(usage["choices"], Json::array());
  EXPECT_EQ(usage["usage"]["total_tokens"], 3);
}

TEST(EventTest, OfACompletion) {
  const AnswerHead head = Head(ApiEndpoint::kCompletions);
  const Json text = Event(TextEvent(head, {.index = 0, .text = "a"}));
  EXPECT_EQ(text["object"], "text_completion");
  EXPECT_FALSE(text.contains("usage"));
  EXPECT_EQ(text["choices"], Json::parse(R"([{"index":0,"text":"a","logprobs":null,"finish_reason":null}])"));
  EXPECT_EQ(Event(FinishEvent(head, {.index = 0, .text = "not again", .finish_reason = "stop"}))["choices"],
            Json::parse(R"([{"index":0,"text":"","logprobs":null,"finish_reason":"stop"}])"));
}

TEST(ErrorTest, HasTheShapeOfTheApi) {
  EXPECT_EQ(Json::parse(ErrorBody({.status = 400, .message = "n is 0", .param = "n"})),
            Json::parse(
                R"({"error":{"message":"n is 0","type":"invalid_request_error","param":"n","code":null}})"));
  EXPECT_EQ(Event(ErrorEvent(ShuttingDown()))["error"]["type"], "server_error");
  EXPECT_EQ(ErrorResponse(TooBusy(3)).head.code, 429u);
  EXPECT_EQ(ErrorOf(absl::InvalidArgumentError("x")).status, 400u);
  EXPECT_EQ(ErrorOf(absl::ResourceExhaustedError("x")).status, 429u);
  EXPECT_EQ(ErrorOf(absl::InternalError("x")).status, 500u);
}

}  // namespace
}  // namespace drover::serve
