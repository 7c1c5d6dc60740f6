// The client among replicas that hang, fail or are gone. Deadlines are far off and never the reason for a result: a
// client that does not do what it should runs into them and fails the test.
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "services/grading/testing/fake_verifier.h"
#include "services/rpc/channel.h"

namespace drover::grading {
namespace {

absl::Time In(absl::Duration d) { return absl::Now() + d; }

class ClientFaultsTest : public ::testing::Test {
 protected:
  // One call; true when it came back right.
  static bool Right(GradingClient& client, size_t n = 3) {
    const auto results = client.Grade(Requests(n), In(absl::Seconds(60)));
    EXPECT_TRUE(results.ok()) << results.status();
    if (!results.ok() || results->size() != n) return false;
    for (size_t i = 0; i < n; ++i) {
      if ((*results)[i].id() != i * 7 || (*results)[i].reward() != 1) return false;
    }
    return true;
  }

  prometheus::Registry registry_;
  metrics::GradingClientMetrics metrics_{registry_};
};

// Without hedging the call would wait for its attempt's 30 seconds, again and again.
TEST_F(ClientFaultsTest, AHangingReplicaIsHedgedAndThenPassedOver) {
  FakeVerifier hangs(Hangs()), works(AllRight);
  GradingClientOptions options = Options({hangs.address(), works.address()});
  options.call_timeout = absl::Hours(1);
  options.hedge.initial = absl::Milliseconds(100);
  options.replicas = {.first_rest = absl::Hours(1), .longest_rest = absl::Hours(1)};
  GradingClient client(options, &metrics_);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Right(client));
  EXPECT_EQ(hangs.calls, 1);
  EXPECT_EQ(works.calls, 10);
  EXPECT_EQ(metrics_.hedges.Value(), 1);
  EXPECT_EQ(metrics_.hedges_won.Value(), 1);
  EXPECT_EQ(metrics_.retries.Value(), 0);
}

TEST_F(ClientFaultsTest, ASlowAnswerThatComesFirstWins) {
  FakeVerifier slow([](const v1::GradeBatchRequest& request, v1::GradeBatchResponse* response) {
    absl::SleepFor(absl::Milliseconds(300));
    return AllRight(request, response);
  });
  FakeVerifier hangs(Hangs());
  GradingClientOptions options = Options({slow.address(), hangs.address()});
  options.hedge.initial = absl::Milliseconds(50);
  GradingClient client(options, &metrics_);
  EXPECT_TRUE(Right(client));
  EXPECT_EQ(metrics_.hedges.Value(), 1);
  EXPECT_EQ(metrics_.hedges_won.Value(), 0);
}

TEST_F(ClientFaultsTest, AHedgeThatFailsDoesNotEndTheCall) {
  absl::Notification asked;
  FakeVerifier slow([&](const v1::GradeBatchRequest& request, v1::GradeBatchResponse* response) {
    asked.WaitForNotification();
    return AllRight(request, response);
  });
  FakeVerifier fails([&](const v1::GradeBatchRequest&, v1::GradeBatchResponse*) {
    asked.Notify();
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away");
  });
  GradingClientOptions options = Options({slow.address(), fails.address()});
  options.hedge.initial = absl::Milliseconds(50);
  GradingClient client(options, &metrics_);
  EXPECT_TRUE(Right(client));
  EXPECT_EQ(metrics_.hedges.Value(), 1);
  EXPECT_EQ(fails.calls, 1);
}

TEST_F(ClientFaultsTest, NoHedgeToTheSameReplica) {
  FakeVerifier slow([](const v1::GradeBatchRequest& request, v1::GradeBatchResponse* response) {
    absl::SleepFor(absl::Milliseconds(100));
    return AllRight(request, response);
  });
  GradingClientOptions options = Options({slow.address()});
  options.hedge.initial = absl::Milliseconds(1);
  GradingClient client(options, &metrics_);
  EXPECT_TRUE(Right(client));
  EXPECT_EQ(slow.calls, 1);
  EXPECT_EQ(metrics_.hedges.Value(), 0);
}

TEST_F(ClientFaultsTest, HedgesStopWhenTheBudgetIsSpent) {
  FakeVerifier hangs(Hangs()), works(AllRight);
  GradingClientOptions options = Options({hangs.address(), works.address()});
  options.call_timeout = absl::Milliseconds(200);
  options.hedge = {.floor = absl::Milliseconds(20), .initial = absl::Milliseconds(20)};
  options.budget = {.max_tokens = 4, .token_ratio = 0};  // two extra attempts, none earned
  options.replicas = {.first_rest = absl::Nanoseconds(1), .longest_rest = absl::Nanoseconds(1)};
  GradingClient client(options, &metrics_);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Right(client));
  EXPECT_EQ(metrics_.hedges.Value(), 2);
  EXPECT_GE(metrics_.budget_exhausted.Value(), 1);
}

TEST_F(ClientFaultsTest, AFailingAndAGoneReplicaCostOneAttemptEach) {
  FakeVerifier fails(Fails(grpc::StatusCode::UNAVAILABLE)), works(AllRight);
  GradingClientOptions options = Options({fails.address(), GoneAddress(), works.address()});
  options.replicas = {.first_rest = absl::Hours(1), .longest_rest = absl::Hours(1)};
  options.hedge.enabled = false;
  GradingClient client(options, &metrics_);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Right(client));
  EXPECT_EQ(fails.calls, 1);
  EXPECT_EQ(works.calls, 20);
  EXPECT_EQ(metrics_.retries.Value(), 2);
}

// The point of the budget: sixteen callers against replicas that refuse everything add their first attempts, half of the
// bucket, and then one attempt at a time. 1.5 seconds of probes at 50 to 100 ms are at most thirty.
TEST_F(ClientFaultsTest, RetriesStopAddingLoadWhenAllFails) {
  FakeVerifier busy(Fails(grpc::StatusCode::RESOURCE_EXHAUSTED));
  GradingClientOptions options = Options({busy.address()});
  options.budget = {.max_tokens = 20, .token_ratio = 0.1};
  options.backoff = {.initial = absl::Milliseconds(100), .max = absl::Milliseconds(100)};
  options.replicas = {.first_rest = absl::Hours(1), .longest_rest = absl::Hours(1)};
  GradingClient client(options, &metrics_);
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) {
    callers.emplace_back([&] {
      const auto results = client.Grade(Requests(1), In(absl::Milliseconds(1500)));
      EXPECT_EQ(results.status().code(), absl::StatusCode::kResourceExhausted) << results.status();
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_LE(busy.calls, 16 + 16 + 30);  // at most one retry each before all first attempts had failed
  EXPECT_GE(metrics_.budget_exhausted.Value(), 16);
}

TEST_F(ClientFaultsTest, AnOutageEndsForAllCallersWhenItEnds) {
  std::atomic<bool> out = true;
  FakeVerifier verifier([&](const v1::GradeBatchRequest& request, v1::GradeBatchResponse* response) {
    if (out) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "out");
    return AllRight(request, response);
  });
  GradingClientOptions options = Options({verifier.address()});
  options.budget = {.max_tokens = 10, .token_ratio = 0.1};
  GradingClient client(options, &metrics_);
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) callers.emplace_back([&] { EXPECT_TRUE(Right(client)); });
  while (metrics_.budget_exhausted.Value() < 10) absl::SleepFor(absl::Milliseconds(5));
  out = false;
  for (std::thread& caller : callers) caller.join();
}

// The same through the client: one entry that stands for several replicas, of which one hangs.
TEST_F(ClientFaultsTest, OneNameOfSeveralReplicasIsHedgedOverThem) {
  FakeVerifier hangs(Hangs()), works(AllRight);
  GradingClientOptions options = Options({absl::StrCat("ipv4:", hangs.address(), ",", works.address())});
  options.call_timeout = absl::Seconds(5);  // should only the one that hangs be connected yet
  options.hedge = {.floor = absl::Milliseconds(50), .initial = absl::Milliseconds(200)};
  GradingClient client(options, &metrics_);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Right(client));
  EXPECT_GE(hangs.calls, 1);
  EXPECT_GE(metrics_.hedges_won.Value(), 1);
}

// Servers end their connections every now and then, so that clients look for new replicas.
TEST_F(ClientFaultsTest, ConnectionsThatEndForTheirAgeCostNoGrade) {
  const rpc::ServerOptions aging = {.max_connection_age = absl::Milliseconds(100),
                                    .max_connection_age_grace = absl::Seconds(30)};
  FakeVerifier verifier(AllRight, aging);
  GradingClient client(Options({verifier.address()}), &metrics_);
  const absl::Time until = In(absl::Seconds(1));
  int right = 0, calls = 0;
  for (; absl::Now() < until || calls < 20; ++calls) right += Right(client);
  EXPECT_EQ(right, calls);
}

// A wrong request is wrong everywhere: it is not tried again, and costs no budget.
TEST_F(ClientFaultsTest, AWrongRequestIsAnsweredOnce) {
  FakeVerifier a(Fails(grpc::StatusCode::INVALID_ARGUMENT)), b(Fails(grpc::StatusCode::INVALID_ARGUMENT));
  GradingClient client(Options({a.address(), b.address()}), &metrics_);
  EXPECT_EQ(client.Grade(Requests(1), In(absl::Seconds(60))).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(a.calls + b.calls, 1);
  EXPECT_EQ(metrics_.retries.Value(), 0);
}

// What a name with several addresses comes to: gRPC balances the calls of one channel, and passes over one that is gone.
TEST_F(ClientFaultsTest, AChannelToSeveralAddressesIsBalanced) {
  FakeVerifier a(AllRight), b(AllRight);
  const auto stub = v1::VerifierService::NewStub(
      rpc::MakeChannel(absl::StrCat("ipv4:", a.address(), ",", GoneAddress(), ",", b.address())));
  const auto call = [&] {
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(absl::ToChronoTime(In(absl::Seconds(30))));
    v1::GradeBatchResponse response;
    const grpc::Status status = stub->Grade(&context, {}, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  };
  // Which of the two is connected to first, and for how many calls alone, is up to the machine.
  for (int i = 0; i < 1000 && (a.calls == 0 || b.calls == 0); ++i) call();
  const int before_a = a.calls, before_b = b.calls;
  for (int i = 0; i < 20; ++i) call();
  EXPECT_EQ(a.calls + b.calls - before_a - before_b, 20);
  EXPECT_GE(a.calls - before_a, 5);
  EXPECT_GE(b.calls - before_b, 5);
}

TEST_F(ClientFaultsTest, DestroyingTheClientLetsGoOfAttemptsInFlight) {
  FakeVerifier hangs(Hangs());
  auto client = std::make_unique<GradingClient>(Options({hangs.address()}), &metrics_);
  std::thread caller([&] {
    EXPECT_EQ(client->Grade(Requests(1), In(absl::Hours(1))).status().code(), absl::StatusCode::kCancelled);
  });
  while (hangs.calls == 0) absl::SleepFor(absl::Milliseconds(1));
  client->Stop();
  caller.join();
  client.reset();
}

}  // namespace
}  // namespace drover::grading
