// Answers that come later or piece by piece, over real connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "services/http/server.h"
#include "services/http/testing/client.h"

namespace drover::http {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(20);
constexpr const char* kEvents = "text/event-stream";

// Hands the replies that wait to the test's thread, as an engine would take them.
class Desk {
 public:
  void Put(std::string asked, std::unique_ptr<Reply> reply) {
    absl::MutexLock lock(&mutex_);
    asked_ = std::move(asked);
    replies_.push_back(std::move(reply));
  }
  // Null when none came in time.
  std::unique_ptr<Reply> Take(absl::Duration wait = kLong) {
    absl::MutexLock lock(&mutex_);
    const auto some = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !replies_.empty(); };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&some), wait)) return nullptr;
    std::unique_ptr<Reply> reply = std::move(replies_.front());
    replies_.erase(replies_.begin());
    return reply;
  }
  // The body of the newest.
  std::string asked() {
    absl::MutexLock lock(&mutex_);
    return asked_;
  }

 private:
  absl::Mutex mutex_;
  std::string asked_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Reply>> replies_ ABSL_GUARDED_BY(mutex_);
};

class StreamingTest : public ::testing::Test {
 protected:
  void Start(const ServerOptions& options = {}) {
    Routes routes;
    routes.Add("GET", "/livez", [](const Request&) { return Text(200, "ok"); });
    for (const char* method : {"GET", "POST"}) {
      routes.AddHandler(method, "/complete", [this](Request request, std::unique_ptr<Reply> reply) {
        desk_.Put(request.body, std::move(reply));
      });
    }
    auto server = Server::Start(options, std::move(routes));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  int port() const { return server_->port(); }
  std::unique_ptr<Connection> Ask(const std::string& body = "{}", const std::string& version = "1.1") {
    auto connection = std::make_unique<Connection>(port());
    connection->Send(absl::StrCat("POST /complete HTTP/", version,
                                  "\r\nHost: a\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    return connection;
  }

  Desk desk_;
  std::unique_ptr<Server> server_;
};

TEST_F(StreamingTest, EventsArriveOneByOne) {
  Start();
  const auto client = Ask("a question");
  const auto reply = desk_.Take();
  ASSERT_NE(reply, nullptr);
  EXPECT_EQ(desk_.asked(), "a question");
  const auto writer = reply->Stream({.type = kEvents, .headers = {{"X-Model", "tiny"}}});
  EXPECT_THAT(client->ReceiveUntil("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream"));
  for (int i = 0; i < 3; ++i) {
    const std::string event = absl::StrCat("data: ", i, "\n\n");
    ASSERT_TRUE(writer->Write(event, kLong).ok());
    EXPECT_THAT(client->ReceiveUntil(event), HasSubstr(event)) << "before the next is written";
  }
  writer->Close();
  const std::string all = client->ReceiveUntil("\r\n0\r\n\r\n");
  EXPECT_THAT(all, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(all, HasSubstr("X-Model: tiny"));
  EXPECT_THAT(all, EndsWith("\r\n0\r\n\r\n"));
  // The connection goes on.
  client->Send("GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client->ReceiveAll(), EndsWith("ok"));
}

TEST_F(StreamingTest, AnOldClientReadsToTheEndOfTheConnection) {
  Start();
  const auto client = Ask("{}", "1.0");
  const auto writer = desk_.Take()->Stream({.type = kEvents});
  ASSERT_TRUE(writer->Write("all of it", kLong).ok());
  writer->Close();
  EXPECT_EQ(ParseAnswer(client->ReceiveAll()).body, "all of it");
}

TEST_F(StreamingTest, AnAnswerMayComeMuchLaterThanTheIdleTimeout) {
  Start({.idle_timeout = absl::Seconds(1)});
  const auto later = Ask();
  const auto streamed = Ask();
  const auto reply = desk_.Take();
  const auto writer = desk_.Take()->Stream({.type = kEvents});
  absl::SleepFor(absl::Seconds(2.5));
  reply->Send({.head = {.type = "application/json"}, .body = "{\"late\":true}"});
  ASSERT_TRUE(writer->Write("late", kLong).ok());
  // Which was asked first is not known.
  EXPECT_THAT(later->ReceiveUntil("late") + streamed->ReceiveUntil("late"), HasSubstr("{\"late\":true}"));
  writer->Close();
}

TEST_F(StreamingTest, WaitingTakesNoTime) {
  Start();
  const auto waits = Ask();
  const auto reply = desk_.Take();
  const auto quiet = Ask();
  const auto writer = desk_.Take()->Stream({});
  quiet->ReceiveUntil("\r\n\r\n");
  const auto spent = [] {
    rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
  };
  const absl::Duration before = spent();
  absl::SleepFor(absl::Seconds(1));
  EXPECT_LT(spent() - before, absl::Milliseconds(300));
  reply->Send(Text(200, ""));
  writer->Close();
}

TEST_F(StreamingTest, ASlowReaderHoldsItsWriterUpAndNobodyElse) {
  Start({.stream_buffer_bytes = 1000});
  const auto slow = Ask();
  const auto writer = desk_.Take()->Stream({});
  const std::string piece(1000, '#');
  size_t written = 0;
  absl::Status status;
  while ((status = writer->Write(piece, absl::Milliseconds(200))).ok()) {
    written += piece.size();
    ASSERT_LT(written, size_t{64} << 20) << "no back-pressure";
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(Get(port(), "/livez").code, 200);
  // It goes on where it was as soon as the client reads.
  std::thread reader([&] { slow->ReceiveUntil("the end"); });
  ASSERT_TRUE(writer->Write("the end", kLong).ok());
  reader.join();
  const std::string& got = slow->ReceiveUntil("the end");
  EXPECT_EQ(static_cast<size_t>(std::count(got.begin(), got.end(), '#')), written);
  writer->Close();
}

TEST_F(StreamingTest, AReaderThatStopsIsClosedAndItsWriterHears) {
  Start({.stream_buffer_bytes = 1000, .idle_timeout = absl::Seconds(1), .patience = absl::Seconds(2)});
  const auto stopped = Ask();
  const auto writer = desk_.Take()->Stream({});
  absl::Status status;
  const absl::Time begun = absl::Now();
  while ((status = writer->Write(std::string(1000, 'x'))).ok() && absl::Now() < begun + kLong) continue;
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(StreamingTest, AWriterHearsThatItsClientHasGone) {
  Start();
  auto client = Ask();
  const auto writer = desk_.Take()->Stream({});
  client->ReceiveUntil("\r\n\r\n");
  client.reset();
  absl::Status status;
  for (int i = 0; i < 1000 && (status = writer->Write("data: 1\n\n", kLong)).ok(); ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(StreamingTest, ABodyWithoutItsEndShows) {
  Start();
  const auto client = Ask();
  auto writer = desk_.Take()->Stream({});
  ASSERT_TRUE(writer->Write("half", kLong).ok());
  client->ReceiveUntil("half");
  writer.reset();
  EXPECT_TRUE(client->Ended(kLong));
  EXPECT_THAT(client->ReceiveAll(), Not(HasSubstr("\r\n0\r\n")));
}

TEST_F(StreamingTest, AHandlerThatForgetsItsReplyIsAnError) {
  Start();
  const auto client = Ask();
  desk_.Take().reset();
  EXPECT_THAT(client->ReceiveUntil("answer\n"), HasSubstr("HTTP/1.1 500"));
}

TEST_F(StreamingTest, HeadHasNoBodyToWrite) {
  Start();
  Connection client(port());
  client.Send("HEAD /complete HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto writer = desk_.Take()->Stream({.type = kEvents});
  EXPECT_THAT(client.ReceiveUntil("\r\n\r\n"), HasSubstr(kEvents));
  absl::Status status;
  for (int i = 0; i < 1000 && (status = writer->Write("x", kLong)).ok(); ++i)
    absl::SleepFor(absl::Milliseconds(5));
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(StreamingTest, RequestsInFlightAreBoundedAndPagesAreNotHeldUp) {
  Start({.max_connections = 4, .max_in_flight = 3});
  std::vector<std::unique_ptr<Connection>> clients;
  std::vector<std::unique_ptr<Reply>> replies;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(Ask());
    replies.push_back(desk_.Take());
    ASSERT_NE(replies.back(), nullptr);
  }
  const auto refused = Ask();
  EXPECT_THAT(refused->ReceiveUntil("flight\n"), HasSubstr("HTTP/1.1 503"));
  EXPECT_THAT(refused->ReceiveUntil("flight\n"), HasSubstr("Retry-After: 1"));
  EXPECT_EQ(Get(port(), "/livez").code, 200);
  // Others come and go, as many as there may be: those in flight are not what makes room.
  std::vector<std::unique_ptr<Connection>> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(std::make_unique<Connection>(port()));
  EXPECT_EQ(Get(port(), "/livez").code, 200);
  for (auto& reply : replies) reply->Send(Text(200, "whole"));
  for (auto& client : clients) EXPECT_THAT(client->ReceiveUntil("whole"), HasSubstr("HTTP/1.1 200"));
  const auto next = Ask();
  EXPECT_NE(desk_.Take(), nullptr) << "there is room again";
}

TEST_F(StreamingTest, TheServerEndsWithRepliesAndWritersLeft) {
  Start();
  const auto waits = Ask();
  const auto reply = desk_.Take();
  const auto reads = Ask();
  const auto writer = desk_.Take()->Stream({});
  ASSERT_TRUE(writer->Write("some", kLong).ok());
  server_.reset();
  EXPECT_TRUE(absl::IsCancelled(writer->Write("more", kLong)));
  writer->Close();
  reply->Send(Text(200, "late"));
  EXPECT_TRUE(waits->Ended(kLong));
  EXPECT_TRUE(reads->Ended(kLong));
}

// Ends that meet: clients leave, writers write, the server ends, at any moment.
TEST_F(StreamingTest, EndsMayMeet) {
  for (int round = 0; round < 20; ++round) {
    Start({.stream_buffer_bytes = 100});
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([i, round, port = port()] {
        Connection client(port);
        client.Send("POST /complete HTTP/1.0\r\nContent-Length: 0\r\n\r\n");
        if (i % 2 == 0) client.ReceiveUntil(std::string(50 * static_cast<size_t>(round + 1), 'x'));
      });
    }
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([this] {
        const auto reply = desk_.Take(absl::Seconds(2));
        if (reply == nullptr) return;  // the server ended before it was asked
        const auto writer = reply->Stream({});
        for (int j = 0; j < 100 && writer->Write(std::string(50, 'x'), absl::Milliseconds(50)).ok(); ++j)
          continue;
        writer->Close();
      });
    }
    absl::SleepFor(absl::Milliseconds(round));
    if (round % 2 == 0) {
      for (std::thread& thread : threads) thread.join();
      threads.clear();
    } else {
      absl::SleepFor(absl::Milliseconds(100));  // all have asked
    }
    server_.reset();
    for (std::thread& thread : threads) thread.join();
  }
}

// Of a request that has no answer yet, and of a stream in which nothing is written.
TEST_F(StreamingTest, AClientThatHangsUpIsSeen) {
  Start();
  const auto waits = Ask(), streams = Ask(), stays = Ask();
  const auto reply = desk_.Take();
  const auto writer = desk_.Take()->Stream({.type = kEvents});
  const auto other = desk_.Take();
  const auto gone = [&] { return reply->ClientGone() + writer->ClientGone() + other->ClientGone(); };
  EXPECT_EQ(gone(), 0);
  waits->Close();
  streams->Close();
  for (const absl::Time until = absl::Now() + kLong; gone() < 2 && absl::Now() < until;) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(gone(), 2);
  stays->Close();
  for (const absl::Time until = absl::Now() + kLong; gone() < 3 && absl::Now() < until;) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(gone(), 3);
}

TEST_F(StreamingTest, IdleIsWhenEveryAnswerIsSent) {
  Start();
  EXPECT_TRUE(server_->WaitUntilIdle(absl::ZeroDuration()));
  const auto reads = Ask();
  const auto reply = desk_.Take();
  EXPECT_FALSE(server_->WaitUntilIdle(absl::Milliseconds(20)));
  reply->Send(Text(200, "short"));
  EXPECT_THAT(reads->ReceiveUntil("short"), EndsWith("short"));
  EXPECT_TRUE(server_->WaitUntilIdle(kLong));
  const auto reads_nothing = Ask();
  desk_.Take()->Send(Text(200, std::string(size_t{64} << 20, 'x')));  // more than sockets hold
  EXPECT_FALSE(server_->WaitUntilIdle(absl::Milliseconds(200)));
  reads_nothing->Close();
  EXPECT_TRUE(server_->WaitUntilIdle(kLong));
}

}  // namespace
}  // namespace drover::http
