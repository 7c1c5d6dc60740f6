#include "services/completions/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/http/server.h"

namespace drover::completions {
namespace {

using evaluation::Ask;
using evaluation::Response;
using evaluation::Sampling;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

http::Response JsonReply(unsigned int code, const Json& body) {
  return {.head = {.code = code, .type = "application/json"}, .body = body.dump()};
}

Json Completion(const std::vector<std::string>& texts, const std::string& reason = "stop") {
  Json body = {{"choices", Json::array()}, {"usage", {{"completion_tokens", 4 * texts.size()}}}};
  for (size_t i = 0; i < texts.size(); ++i) {
    body["choices"].push_back({{"index", i}, {"text", texts[i]}, {"finish_reason", reason}});
  }
  return body;
}

// A server on loopback that answers as a test likes, and remembers what it was asked.
class EndpointTest : public ::testing::Test {
 protected:
  using Handle = std::function<void(const http::Request&, std::unique_ptr<http::Reply>)>;

  // A server from now on: requests are counted from 0.
  void Serve(std::function<http::Response(const Json& request, int number)> answer) {
    server_.reset();
    {
      absl::MutexLock lock(&mutex_);
      requests_.clear();
    }
    ServeWith([this, answer](const http::Request& request, std::unique_ptr<http::Reply> reply) {
      const Json body = Remember(request);
      reply->Send(answer(body, static_cast<int>(Count()) - 1));
    });
  }

  void ServeWith(Handle handle) {
    http::Routes routes;
    for (const char* path : {"/v1/completions", "/v1/chat/completions"}) {
      routes.AddHandler("POST", path, [handle](http::Request request, std::unique_ptr<http::Reply> reply) {
        handle(request, std::move(reply));
      });
    }
    server_ = http::Server::Start({}, std::move(routes)).value();
  }

  Json Remember(const http::Request& request) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(request);
    return Json::parse(request.body);
  }
  size_t Count() {
    absl::MutexLock lock(&mutex_);
    return requests_.size();
  }
  http::Request request(size_t i) {
    absl::MutexLock lock(&mutex_);
    return requests_.at(i);
  }

  EndpointOptions Options() {
    EndpointOptions options;
    options.url = absl::StrCat("http://127.0.0.1:", server_->port());
    options.model = "tiny";
    options.attempts = 3;
    options.pauses = {.initial = absl::Milliseconds(1), .max = absl::Milliseconds(5), .factor = 2};
    return options;
  }

  absl::Status Ask(const EndpointOptions& options, const std::vector<evaluation::Ask>& asks,
                   const Sampling& sampling = {}) {
    auto endpoint = Endpoint::Create(options);
    if (!endpoint.ok()) return endpoint.status();
    return (*endpoint)->Respond(
        asks, sampling,
        [&](const evaluation::Ask& ask, std::vector<Response> responses) {
          EXPECT_EQ(responses.size(), ask.n);
          EXPECT_EQ(responses_.count(ask.id), 0u);
          responses_[ask.id] = std::move(responses);
          return absl::OkStatus();
        },
        stop_);
  }

  absl::Mutex mutex_;
  std::vector<http::Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<Response>> responses_;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<http::Server> server_;  // goes first: its threads use the others
};

std::vector<Ask> Prompts(size_t count, uint32_t n = 1) {
  std::vector<evaluation::Ask> asks;
  for (size_t i = 0; i < count; ++i) {
    asks.push_back({absl::StrCat("q", i), i, absl::StrCat("prompt ", i), "", n});
  }
  return asks;
}

TEST_F(EndpointTest, EveryAskIsAnsweredOnce) {
  Serve([](const Json& request, int) {
    return JsonReply(200, Completion({absl::StrCat("to ", request["prompt"].get<std::string>())}));
  });
  ASSERT_TRUE(Ask(Options(), Prompts(100)).ok());
  ASSERT_EQ(responses_.size(), 100u);
  EXPECT_EQ(responses_["q42"][0].text, "to prompt 42");
  EXPECT_EQ(responses_["q42"][0].tokens, 4u);
  EXPECT_EQ(request(0).path, "/v1/completions");
  EXPECT_EQ(request(0).Header("authorization"), "");
}

TEST_F(EndpointTest, ChatsGoToTheChatPage) {
  Serve([](const Json& request, int) {
    return JsonReply(200, {{"choices", {{{"message", {{"content", request["messages"][0]["content"]}}}}}}});
  });
  ASSERT_TRUE(Ask(Options(), {{"chat", 0, "", R"([{"role":"user","content":"hello"}])", 1}}).ok());
  EXPECT_EQ(responses_["chat"][0].text, "hello");
  EXPECT_EQ(request(0).path, "/v1/chat/completions");
  EndpointOptions options = Options();
  options.chat = true;
  ASSERT_TRUE(Ask(options, Prompts(1)).ok());
  EXPECT_EQ(responses_["q0"][0].text, "prompt 0");
}

TEST_F(EndpointTest, AServerThatIgnoresNIsAskedAgainWithOtherSeeds) {
  Serve([](const Json& request, int) { return JsonReply(200, Completion({request["seed"].dump()})); });
  Sampling sampling;
  sampling.temperature = 1;
  ASSERT_TRUE(Ask(Options(), Prompts(1, 5), sampling).ok());
  std::set<std::string> seeds;
  for (const Response& response : responses_["q0"]) seeds.insert(response.text);
  EXPECT_EQ(seeds.size(), 5u);
  EXPECT_EQ(Count(), 5u);
}

TEST_F(EndpointTest, AServerThatAnswersNIsAskedOnce) {
  Serve([](const Json& request, int) {
    return JsonReply(200, Completion(std::vector<std::string>(request["n"].get<size_t>() + 1, "x")));
  });
  Sampling sampling;
  sampling.temperature = 1;
  ASSERT_TRUE(Ask(Options(), Prompts(1, 5), sampling).ok());
  EXPECT_EQ(Count(), 1u);
}

TEST_F(EndpointTest, GreedyIsAskedOnce) {
  Serve([](const Json& request, int) {
    EXPECT_EQ(request["n"], 1);
    return JsonReply(200, Completion({"same"}));
  });
  ASSERT_TRUE(Ask(Options(), Prompts(1, 8)).ok());
  EXPECT_EQ(Count(), 1u);
  EXPECT_EQ(responses_["q0"][7].text, "same");
}

TEST_F(EndpointTest, ABusyServerIsAskedAgain) {
  Serve([](const Json&, int number) {
    if (number == 0) return JsonReply(429, {{"error", {{"message", "slow down"}}}});
    if (number == 1) return http::Text(503, "starting");
    return JsonReply(200, Completion({"ok"}));
  });
  ASSERT_TRUE(Ask(Options(), Prompts(1)).ok());
  EXPECT_EQ(Count(), 3u);
}

TEST_F(EndpointTest, RetryAfterIsHonouredWithinABound) {
  Serve([](const Json&, int number) {
    if (number > 0) return JsonReply(200, Completion({"ok"}));
    http::Response busy = http::Text(429, "busy");
    busy.head.headers.emplace_back("Retry-After", "1");
    return busy;
  });
  const absl::Time began = absl::Now();
  ASSERT_TRUE(Ask(Options(), Prompts(1)).ok());
  EXPECT_GE(absl::Now() - began, absl::Seconds(1));
  responses_.clear();
  Serve([](const Json&, int number) {
    if (number > 1) return JsonReply(200, Completion({"ok"}));
    http::Response busy = http::Text(429, "busy");
    busy.head.headers.emplace_back("Retry-After", "100000");
    return busy;
  });
  EndpointOptions options = Options();
  options.longest_pause = absl::Milliseconds(10);
  const absl::Time again = absl::Now();
  ASSERT_TRUE(Ask(options, Prompts(1)).ok());
  EXPECT_LT(absl::Now() - again, absl::Seconds(30));
}

TEST_F(EndpointTest, AttemptsAreBounded) {
  Serve([](const Json&, int) { return http::Text(500, "broken"); });
  const absl::Status status = Ask(Options(), Prompts(1));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("question q0: after 3 attempts"));
  EXPECT_EQ(Count(), 3u);
}

TEST_F(EndpointTest, ARefusalIsFinalAndSaysWhy) {
  Serve([](const Json&, int) { return JsonReply(401, {{"error", {{"message", "wrong key"}}}}); });
  EndpointOptions options = Options();
  options.transfer.api_key = "sk-very-secret";
  const absl::Status status = Ask(options, Prompts(20));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("the server answered 401: wrong key"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("secret")));
  EXPECT_LE(Count(), 8u);  // one a thread
  EXPECT_EQ(request(0).Header("authorization"), "Bearer sk-very-secret");
}

TEST_F(EndpointTest, ModelsThatAreNotThereAreNotFound) {
  Serve([](const Json&, int) { return JsonReply(404, {{"error", {{"message", "no such model"}}}}); });
  EXPECT_TRUE(absl::IsNotFound(Ask(Options(), Prompts(1))));
}

TEST_F(EndpointTest, RedirectsAreNotFollowed) {
  Serve([](const Json&, int) {
    http::Response moved = http::Text(307, "");
    moved.head.headers.emplace_back("Location", "http://127.0.0.1:1/");
    return moved;
  });
  const absl::Status status = Ask(Options(), Prompts(1));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(Count(), 1u);
}

TEST_F(EndpointTest, AnswersThatCannotBeReadAreAskedForAgain) {
  Serve([](const Json&, int number) {
    if (number == 0) return http::Text(200, "<html>proxy</html>");
    if (number == 1) return JsonReply(200, {{"choices", "many"}});
    return JsonReply(200, Completion({"ok"}));
  });
  ASSERT_TRUE(Ask(Options(), Prompts(1)).ok());
  Serve([](const Json&, int) { return http::Text(200, "<html>proxy</html>"); });
  responses_.clear();
  const absl::Status status = Ask(Options(), Prompts(1));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << status;
}

TEST_F(EndpointTest, GiantAnswersAreCutOff) {
  Serve([](const Json&, int) { return JsonReply(200, Completion({std::string(5 << 20, 'x')})); });
  EndpointOptions options = Options();
  options.transfer.max_body_bytes = 1 << 20;
  const absl::Status status = Ask(options, Prompts(1));
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(Count(), 1u);
}

TEST_F(EndpointTest, ASlowDripEndsAtTheDeadline) {
  std::vector<std::thread> drips;
  std::atomic<bool> over = false;
  ServeWith([&](const http::Request& request, std::unique_ptr<http::Reply> reply) {
    Remember(request);
    drips.emplace_back([&over, writer = reply->Stream({})] {
      while (!over && writer->Write(" ", absl::Seconds(1)).ok()) absl::SleepFor(absl::Milliseconds(20));
    });
  });
  EndpointOptions options = Options();
  options.attempts = 2;
  options.transfer.timeout = absl::Milliseconds(300);
  const absl::Status status = Ask(options, Prompts(1));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(Count(), 2u);
  over = true;
  for (std::thread& drip : drips) drip.join();
}

TEST_F(EndpointTest, ACutConnectionIsTriedAgain) {
  ServeWith([&](const http::Request& request, std::unique_ptr<http::Reply> reply) {
    Remember(request);
    if (Count() > 1) return reply->Send(JsonReply(200, Completion({"ok"})));
    (void)reply->Stream({})->Write("{\"choices\":[{\"text\":\"half", absl::Seconds(1));  // and is gone
  });
  ASSERT_TRUE(Ask(Options(), Prompts(1)).ok());
  EXPECT_EQ(responses_["q0"][0].text, "ok");
  EXPECT_EQ(Count(), 2u);
}

TEST_F(EndpointTest, StopGivesUpWhatIsBeingAnswered) {
  std::vector<std::unique_ptr<http::Reply>> held;
  absl::Mutex mutex;
  ServeWith([&](const http::Request& request, std::unique_ptr<http::Reply> reply) {
    Remember(request);
    absl::MutexLock lock(&mutex);
    held.push_back(std::move(reply));
    stop_ = true;
  });
  const absl::Time began = absl::Now();
  const absl::Status status = Ask(Options(), Prompts(100));
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_LT(absl::Now() - began, absl::Seconds(10));
  EXPECT_TRUE(responses_.empty());
  server_.reset();  // before what its handler uses
}

TEST_F(EndpointTest, AnErrorOfTheCallerEndsTheCall) {
  Serve([](const Json&, int) { return JsonReply(200, Completion({"x"})); });
  auto endpoint = Endpoint::Create(Options());
  int calls = 0;
  const absl::Status status = (*endpoint)->Respond(
      Prompts(50), {},
      [&](const evaluation::Ask&, std::vector<Response>) {
        ++calls;
        return absl::DataLossError("disk full");
      },
      stop_);
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_EQ(calls, 1);
}

TEST_F(EndpointTest, AServerThatDropsKeptStopsIsAskedWithoutThem) {
  Serve([](const Json& request, int) {
    return JsonReply(200,
                     Completion({request.contains("stop") ? "<answer>5" : "<answer>5</answer> and more"}));
  });
  Sampling sampling;
  sampling.stop = {"</answer>"};
  sampling.keep_stop = true;
  ASSERT_TRUE(Ask(Options(), Prompts(3), sampling).ok());
  for (const auto& [id, responses] : responses_) EXPECT_EQ(responses[0].text, "<answer>5</answer>");
}

TEST_F(EndpointTest, WrongOptionsAreRefused) {
  Serve([](const Json&, int) { return http::Text(500, ""); });
  for (const auto& change : std::vector<std::function<void(EndpointOptions&)>>{
           [](EndpointOptions& o) { o.model = ""; }, [](EndpointOptions& o) { o.url = "nonsense"; },
           [](EndpointOptions& o) { o.concurrency = 0; }, [](EndpointOptions& o) { o.attempts = 1000; }}) {
    EndpointOptions options = Options();
    change(options);
    EXPECT_TRUE(absl::IsInvalidArgument(Endpoint::Create(options).status()));
  }
}

TEST(ApiKeyTest, ComesFromTheEnvironmentAndIsNeverShown) {
  EXPECT_EQ(ApiKeyFrom("").value(), "");
  EXPECT_TRUE(absl::IsInvalidArgument(ApiKeyFrom("DROVER_TEST_NO_SUCH_KEY").status()));
  setenv("DROVER_TEST_KEY", "sk-1", 1);
  EXPECT_EQ(ApiKeyFrom("DROVER_TEST_KEY").value(), "sk-1");
  setenv("DROVER_TEST_KEY", "sk-1\r\nX-Evil: 1", 1);
  const absl::Status status = ApiKeyFrom("DROVER_TEST_KEY").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("sk-1")));
  unsetenv("DROVER_TEST_KEY");
}

}  // namespace
}  // namespace drover::completions
