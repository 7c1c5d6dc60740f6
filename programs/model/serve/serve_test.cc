// The server whole, but for the model: HTTP, parsing, the loop, streams; a generator that says what the test tells it to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "programs/model/serve/api.h"
#include "programs/model/serve/api_error.h"
#include "programs/model/serve/cross_origin.h"
#include "programs/model/serve/loop.h"
#include "programs/model/serve/testing/scripted_generator.h"
#include "services/http/server.h"
#include "services/http/testing/client.h"

namespace drover::serve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

constexpr size_t kMaxBody = size_t{1} << 20;
constexpr char kTemplate[] = "{% for m in messages %}{{ m.content }}{% endfor %}";

class ServeTest : public ::testing::Test {
 protected:
  ~ServeTest() override { Stop(); }

  void Start(const LoopOptions& options = {}, const char* keys = nullptr, const char* origin = nullptr) {
    ServedModel model = {.name = "tiny",
                         .fingerprint = "f",
                         .tokenizer = tokenizer_.get(),
                         .context = ScriptedGenerator::context,
                         .vocabulary = kFirstByte + 256};
    model.chat = model::jinja::ChatTemplate::Parse(kTemplate, model::jinja::Json::object());
    loop_ = std::make_unique<Loop>(options, &generator_, tokenizer_.get(), &metrics_, &heartbeats_);
    api_ = std::make_unique<Api>(model, keys == nullptr ? ApiKeys() : ApiKeys::Parse(keys).value(),
                                 ApiLimits(), &metrics_,
                                 [this](AcceptedRequest request) { loop_->Submit(std::move(request)); });
    http::Routes routes;
    api_->AddTo(routes);
    http::ServerOptions server_options = {
        .max_body_bytes = kMaxBody, .stream_buffer_bytes = 4096, .refusal = &RefusalResponse};
    if (origin != nullptr) {
      server_options.headers = OriginHeaders(origin);
      AddPreflight(routes);
    }
    auto server = http::Server::Start(server_options, std::move(routes));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    thread_ = std::thread([this] { loop_->Run(); });
  }
  void Stop() {
    if (!thread_.joinable()) return;
    loop_->Drain();
    loop_->Cut();
    thread_.join();
  }

  http::Answer Post(const std::string& path, const std::string& body) {
    return http::Post(server_->port(), path, body);
  }
  Json Complete(const std::string& body) {
    const http::Answer answer = Post("/v1/completions", body);
    EXPECT_EQ(answer.code, 200) << answer.body;
    return Json::parse(answer.body);
  }
  std::unique_ptr<http::Connection> Ask(const std::string& body, const std::string& version = "1.1") {
    auto connection = std::make_unique<http::Connection>(server_->port());
    connection->Send(absl::StrCat("POST /v1/completions HTTP/", version,
                                  "\r\nHost: a\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    return connection;
  }
  // The events of a stream that has ended, without the last, which is [DONE].
  static std::vector<Json> Events(const std::string& body) {
    std::vector<Json> events;
    bool done = false;
    for (absl::string_view line : absl::StrSplit(body, '\n')) {
      if (!absl::ConsumePrefix(&line, "data: ")) continue;
      EXPECT_FALSE(done) << "something after [DONE]";
      done = line == "[DONE]";
      if (!done) events.push_back(Json::parse(ToStd(line)));
    }
    EXPECT_TRUE(done) << body;
    return events;
  }
  double Ended(const char* outcome) {
    for (const auto& family : metrics_.registry->Collect()) {
      if (family.name != "drover_serve_requests_total") continue;
      for (const auto& metric : family.metric) {
        if (metric.label[0].value == outcome) return metric.counter.value;
      }
    }
    return -1;
  }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    for (const absl::Time until = absl::Now() + absl::Seconds(20); absl::Now() < until;) {
      if (condition()) return true;
      absl::SleepFor(absl::Milliseconds(2));
    }
    return false;
  }

  const std::unique_ptr<model::Tokenizer> tokenizer_ = ByteTokenizer();
  ScriptedGenerator generator_{*tokenizer_};
  metrics::ServeMetrics metrics_;
  Heartbeats heartbeats_{absl::Minutes(1)};
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<http::Server> server_;
  std::thread thread_;
};

TEST_F(ServeTest, ACompletion) {
  Start();
  const Json answer = Complete(R"({"model":"tiny","prompt":"Hi","logprobs":0})");
  EXPECT_EQ(answer["choices"].size(), 1u);
  EXPECT_EQ(answer["choices"][0]["text"], "hello");
  EXPECT_EQ(answer["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(answer["choices"][0]["logprobs"]["tokens"].size(), 6u) << "with the end of the sequence";
  EXPECT_EQ(answer["usage"], Json::parse(R"({"prompt_tokens":2,"completion_tokens":6,"total_tokens":8})"));
}

TEST_F(ServeTest, AChat) {
  Start();
  const http::Answer answer =
      Post("/v1/chat/completions", R"({"messages":[{"role":"user","content":"Hi"}],"max_tokens":3})");
  const Json json = Json::parse(answer.body);
  EXPECT_EQ(json["choices"][0]["message"]["content"], "hel");
  EXPECT_EQ(json["choices"][0]["finish_reason"], "length");
  EXPECT_THAT(answer.head, HasSubstr("application/json"));
}

TEST_F(ServeTest, ChoicesOfSeveralPromptsStandInOrder) {
  generator_.script = [](const actor::GroupRequest& group, uint32_t index) {
    return absl::StrCat(group.group, "/", index, std::string(10 - 3 * group.group, '.'));
  };
  Start();
  const Json answer = Complete(R"({"prompt":["a","b"],"n":3,"echo":true})");
  ASSERT_EQ(answer["choices"].size(), 6u);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(answer["choices"][i]["index"], i);
    EXPECT_THAT(answer["choices"][i]["text"].get<std::string>(),
                ::testing::StartsWith(absl::StrCat(i < 3 ? "a" : "b", i / 3, "/", i % 3)));
  }
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 2);
}

TEST_F(ServeTest, AStreamSaysTheSame) {
  generator_.script = [](const actor::GroupRequest&, uint32_t index) {
    return absl::StrCat(index, " caf\xC3\xA9 STEP");
  };
  Start();
  const std::string asked =
      R"({"messages":[{"role":"user","content":"Hi"}],"n":2,"stop":["STOP"],"logprobs":true,
      "top_logprobs":1)";
  const Json whole = Json::parse(Post("/v1/chat/completions", asked + "}").body);
  const auto events = Events(
      Post("/v1/chat/completions", asked + R"(,"stream":true,"stream_options":{"include_usage":true}})")
          .body);
  std::vector<Json> choices(2);
  for (size_t i = 0; i + 1 < events.size(); ++i) {
    const Json& choice = events[i]["choices"][0];
    Json& mine = choices[choice["index"].get<size_t>()];
    EXPECT_EQ(events[i]["id"], events[0]["id"]);
    EXPECT_TRUE(mine["finish_reason"].is_null()) << "nothing comes after the end";
    if (choice["delta"].contains("role")) {
      EXPECT_TRUE(mine.is_null() || !mine.contains("role")) << "once, and first";
      mine = {{"role", choice["delta"]["role"]}, {"content", ""}, {"logprobs", Json::array()}};
    }
    mine["content"] = mine.value("content", "") + choice["delta"].value("content", "");
    if (choice["logprobs"].is_object()) {
      for (const Json& token : choice["logprobs"]["content"]) mine["logprobs"].push_back(token);
    }
    mine["finish_reason"] = choice["finish_reason"];
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(choices[i]["role"], "assistant");
    EXPECT_EQ(choices[i]["content"], whole["choices"][i]["message"]["content"]);
    EXPECT_EQ(choices[i]["content"], absl::StrCat(i, " caf\xC3\xA9 STEP"));
    EXPECT_EQ(choices[i]["logprobs"], whole["choices"][i]["logprobs"]["content"]);
    EXPECT_EQ(choices[i]["finish_reason"], "stop");
  }
  EXPECT_EQ(events.back()["choices"], Json::array());
  EXPECT_EQ(events.back()["usage"], whole["usage"]);
}

TEST_F(ServeTest, TextAppearsAsTokensAreMade) {
  generator_.script = [](const actor::GroupRequest&, uint32_t) { return std::string("abcdef"); };
  generator_.pace = absl::Milliseconds(30);
  Start();
  const auto client = Ask(R"({"prompt":"a","stream":true})");
  EXPECT_THAT(client->ReceiveUntil("\"text\":\"a\""), ::testing::Not(HasSubstr("\"text\":\"f\"")));
  EXPECT_THAT(client->ReceiveUntil("[DONE]"), HasSubstr("\"text\":\"f\""));
}

// Of a request that waits, of one that streams, and of one that is not begun: its pages are free at once.
TEST_F(ServeTest, ClientsThatHangUpAreCancelled) {
  generator_.script = [](const actor::GroupRequest&, uint32_t) { return std::string(90000, 'a'); };
  generator_.pace = absl::Milliseconds(1);
  Start();
  auto whole = Ask(R"({"prompt":["a","b"],"max_tokens":90000})");
  auto stream = Ask(R"({"prompt":"a","max_tokens":90000,"stream":true})");
  stream->ReceiveUntil("\"text\":\"a\"");
  ASSERT_TRUE(Eventually([&] { return generator_.added == 3; }));
  whole->Close();
  ASSERT_TRUE(Eventually([&] { return generator_.cancels == 2; }));
  stream->Close();
  ASSERT_TRUE(Eventually([&] { return generator_.cancels == 3; }));
  EXPECT_TRUE(Eventually([&] { return Ended("client_gone") == 2; }));
  generator_.script = [](const actor::GroupRequest&, uint32_t) { return std::string("well"); };
  EXPECT_EQ(Complete(R"({"prompt":"a"})")["choices"][0]["text"], "well");
}

TEST_F(ServeTest, ASlowReaderHoldsUpNobody) {
  generator_.script = [](const actor::GroupRequest& group, uint32_t) {
    return std::string(group.prompt_token_ids.size() == 1 ? 20000 : 5, 'a');
  };
  Start();
  // An old client's answer has no chunks: it ends with its connection.
  const auto slow = Ask(R"({"prompt":"a","max_tokens":20000,"stream":true})", "1.0");
  ASSERT_TRUE(Eventually([&] { return generator_.added == 1; }));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Complete(R"({"prompt":"ab"})")["choices"][0]["text"], "aaaaa");
  // It gets all of it though, perhaps in larger pieces.
  std::string text;
  for (const Json& event : Events(http::ParseAnswer(slow->ReceiveAll()).body)) {
    text += event["choices"][0]["text"].get<std::string>();
  }
  EXPECT_EQ(text, std::string(20000, 'a'));
}

TEST_F(ServeTest, TooManyAreRefused) {
  generator_.blocked = true;
  Start({.max_requests = 2});
  const auto first = Ask(R"({"prompt":"a"})"), second = Ask(R"({"prompt":"a","stream":true})");
  ASSERT_TRUE(Eventually([&] { return generator_.added == 2; }));
  const http::Answer refused = Post("/v1/completions", R"({"prompt":"a"})");
  EXPECT_EQ(refused.code, 429);
  EXPECT_THAT(refused.head, HasSubstr("Retry-After: 1"));
  EXPECT_EQ(Json::parse(refused.body)["error"]["code"], "rate_limit_exceeded");
  generator_.blocked = false;
  EXPECT_THAT(first->ReceiveUntil("hello"), HasSubstr("hello"));
  EXPECT_THAT(second->ReceiveUntil("[DONE]"), HasSubstr("[DONE]"));
  EXPECT_TRUE(Eventually([&] { return Ended("done") == 2; }));
  EXPECT_EQ(Complete(R"({"prompt":"a"})")["choices"][0]["text"], "hello");
}

TEST_F(ServeTest, ARequestThatTakesTooLongFails) {
  generator_.script = [](const actor::GroupRequest&, uint32_t) { return std::string(90000, 'a'); };
  generator_.pace = absl::Milliseconds(1);
  Start({.deadline = absl::Milliseconds(300)});
  const auto stream = Ask(R"({"prompt":"a","max_tokens":90000,"stream":true})");
  const http::Answer late = Post("/v1/completions", R"({"prompt":"a","max_tokens":90000})");
  EXPECT_EQ(late.code, 504);
  EXPECT_EQ(Json::parse(late.body)["error"]["code"], "timeout");
  const std::string said = stream->ReceiveUntil("\r\n0\r\n\r\n");
  EXPECT_THAT(said, HasSubstr("data: {\"error\":"));
  EXPECT_THAT(said, ::testing::Not(HasSubstr("[DONE]")));
  EXPECT_TRUE(Eventually([&] { return generator_.cancels == 2; }));  // right after the answers
}

TEST_F(ServeTest, AGenerationThatFailsIsAnError) {
  Start();
  generator_.fail_next = true;
  const http::Answer answer = Post("/v1/completions", R"({"prompt":"a"})");
  EXPECT_EQ(answer.code, 500);
  EXPECT_THAT(answer.body, HasSubstr("not all finite"));
  EXPECT_EQ(Complete(R"({"prompt":"a"})")["choices"][0]["text"], "hello");
}

TEST_F(ServeTest, ADrainEndsWhatIsThereAndTakesNothingNew) {
  generator_.blocked = true;
  Start();
  const auto running = Ask(R"({"prompt":"a"})");
  ASSERT_TRUE(Eventually([&] { return generator_.added == 1; }));
  loop_->Drain();
  const http::Answer refused = Post("/v1/completions", R"({"prompt":"a"})");
  EXPECT_EQ(refused.code, 503);
  EXPECT_EQ(Json::parse(refused.body)["error"]["type"], "server_error");
  generator_.blocked = false;
  EXPECT_THAT(running->ReceiveUntil("hello"), HasSubstr("hello"));
  thread_.join();
}

TEST_F(ServeTest, TheEndOfADrainFailsTheRest) {
  generator_.blocked = true;
  Start();
  const auto whole = Ask(R"({"prompt":"a"})");
  ASSERT_TRUE(Eventually([&] { return generator_.added == 1; }));
  loop_->Drain();
  loop_->Cut();
  EXPECT_THAT(whole->ReceiveUntil("shutting down"), HasSubstr("HTTP/1.1 503"));
  thread_.join();
}

TEST_F(ServeTest, ManyClientsAtOnce) {
  generator_.script = [](const actor::GroupRequest& group, uint32_t) {
    std::string text;
    for (const uint32_t id : group.prompt_token_ids) text += static_cast<char>(id - kFirstByte);
    return text + text;
  };
  Start();
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int c = 0; c < 16; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; i < 25; ++i) {
        const std::string prompt = absl::StrCat("p", c, "-", i, ";");
        const bool stream = (c + i) % 2 == 0;
        const http::Answer answer = Post(
            "/v1/completions", Json({{"prompt", prompt}, {"max_tokens", 100}, {"stream", stream}}).dump());
        std::string text;
        if (stream) {
          for (const Json& event : Events(answer.body))
            text += event["choices"][0]["text"].get<std::string>();
        } else {
          text = Json::parse(answer.body)["choices"][0]["text"];
        }
        if (text == prompt + prompt) ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 16 * 25);
  EXPECT_TRUE(Eventually([&] { return Ended("done") == 16 * 25; }));
}

TEST_F(ServeTest, OnlyWithAKey) {
  Start({}, "sk-right\n");
  const auto ask = [this](const std::string& headers) {
    http::Connection connection(server_->port());
    const std::string body = R"({"prompt":"a"})";
    connection.Send(absl::StrCat("POST /v1/completions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", headers,
                                 "Content-Length: ", body.size(), "\r\n\r\n", body));
    return http::ParseAnswer(connection.ReceiveAll());
  };
  EXPECT_EQ(ask("Authorization: Bearer sk-right\r\n").code, 200);
  for (const char* headers : {"", "Authorization: Bearer sk-wrong\r\n"}) {
    const http::Answer refused = ask(headers);
    EXPECT_EQ(refused.code, 401);
    EXPECT_EQ(Json::parse(refused.body)["error"]["code"], "invalid_api_key");
  }
  EXPECT_EQ(http::Get(server_->port(), "/v1/models").code, 401);
  EXPECT_EQ(Ended("refused_key"), 3);
}

TEST_F(ServeTest, ModelsAndPathsThatAreNot) {
  Start();
  const Json list = Json::parse(http::Get(server_->port(), "/v1/models").body);
  EXPECT_EQ(list["object"], "list");
  EXPECT_EQ(list["data"][0]["id"], "tiny");
  EXPECT_EQ(Json::parse(http::Get(server_->port(), "/v1/models/tiny").body)["id"], "tiny");
  EXPECT_EQ(http::Get(server_->port(), "/v1/models/other").code, 404);
  const http::Answer nothing = Post("/v1/embeddings", "{}");
  EXPECT_EQ(nothing.code, 404);
  EXPECT_THAT(Json::parse(nothing.body)["error"]["message"].get<std::string>(),
              HasSubstr("there is no POST /v1/embeddings"));
}

// Whatever is refused, and wherever, an error is JSON.
TEST_F(ServeTest, WrongMethodsAndBodiesAreErrorsInJson) {
  Start();
  const auto error = [](const http::Answer& answer) { return Json::parse(answer.body)["error"]; };
  const http::Answer method = http::Get(server_->port(), "/v1/completions");
  EXPECT_EQ(method.code, 405);
  EXPECT_THAT(method.head, AllOf(HasSubstr("Allow: POST"), HasSubstr("Content-Type: application/json")));
  EXPECT_EQ(error(method)["message"], "there is no GET /v1/completions; served here: POST");
  EXPECT_EQ(error(method)["code"], "method_not_allowed");
  const http::Answer removal = http::Get(server_->port(), "/v1/models/tiny", "DELETE");
  EXPECT_EQ(removal.code, 405);
  EXPECT_THAT(removal.head, HasSubstr("Allow: GET, HEAD"));
  EXPECT_EQ(error(removal)["type"], "invalid_request_error");
  EXPECT_EQ(http::Get(server_->port(), "/v1/completions", "OPTIONS").code, 405) << "nobody allowed an origin";
  const http::Answer nowhere = http::Get(server_->port(), "/v2/x");
  EXPECT_EQ(nowhere.code, 404);
  EXPECT_EQ(error(nowhere)["code"], "not_found");
  http::Connection connection(server_->port());
  connection.Send(absl::StrCat(
      "POST /v1/completions HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ", kMaxBody + 1,
      "\r\n\r\n"));
  const http::Answer large = http::ParseAnswer(connection.ReceiveAll());
  EXPECT_EQ(large.code, 413);
  EXPECT_THAT(error(large)["message"].get<std::string>(), HasSubstr("at most 1048576 bytes"));
}

TEST_F(ServeTest, PagesOfAnAllowedOriginMayAsk) {
  Start({}, "sk-right\n", "http://localhost:3000");
  const auto ask = [this](const std::string& request) {
    http::Connection connection(server_->port());
    connection.Send(request);
    return http::ParseAnswer(connection.ReceiveAll());
  };
  constexpr char kAllowed[] = "Access-Control-Allow-Origin: http://localhost:3000\r\n";
  const http::Answer preflight =
      ask("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
          "Origin: http://localhost:3000\r\nAccess-Control-Request-Method: POST\r\n"
          "Access-Control-Request-Headers: authorization,content-type\r\n\r\n");
  EXPECT_EQ(preflight.code, 204) << "without a key";
  EXPECT_THAT(preflight.head, AllOf(HasSubstr(kAllowed),
                                    HasSubstr("Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"),
                                    HasSubstr("Access-Control-Allow-Headers: authorization,content-type")));
  const std::string body = R"({"prompt":"a","stream":true})";
  const http::Answer stream = ask(absl::StrCat(
      "POST /v1/completions HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer sk-right\r\n",
      "Content-Length: ", body.size(), "\r\n\r\n", body));
  EXPECT_EQ(stream.code, 200);
  EXPECT_THAT(stream.head, HasSubstr(kAllowed));
  for (const char* path :
       {"/v1/models", "/v1/completions", "/nowhere"}) {  // 401, 405, 404: a page may read why
    EXPECT_THAT(http::Get(server_->port(), path).head, HasSubstr(kAllowed)) << path;
  }
}

TEST_F(ServeTest, WithoutAnAllowedOriginNothingIsSaidOfOrigins) {
  Start();
  EXPECT_THAT(http::Get(server_->port(), "/v1/models").head, Not(HasSubstr("Access-Control")));
}

// Bodies of any kind: an answer in JSON, and the server goes on.
TEST_F(ServeTest, HostileBodies) {
  Start();
  const std::vector<std::string> bodies = {
      "",
      "null",
      "{",
      "[]",
      "{\"prompt\":\"\xC3\"}",
      R"({"prompt":"a","n":1e9})",
      R"({"prompt":"\ud800"})",
      R"({"prompt":["a",[]]})",
      std::string(100000, '['),
      R"({"prompt":"a","stop":["\u0000"]})",
      R"({"prompt":"a","logit_bias":)" + std::string(31, '[') + std::string(31, ']') + "}",
      "{\"prompt\":\"a\",\"x\":\"" + std::string(1000, '\x7f') + "\"}"};
  for (const std::string& body : bodies) {
    const http::Answer answer = Post("/v1/completions", body);
    const Json json = Json::parse(answer.body, nullptr, false);
    ASSERT_TRUE(json.is_object()) << body.substr(0, 40) << ": " << answer.body;
    EXPECT_TRUE(json.contains("error") || json.contains("choices"));
  }
  EXPECT_EQ(Complete(R"({"prompt":"a"})")["choices"][0]["text"], "hello");
}

}  // namespace
}  // namespace drover::serve
