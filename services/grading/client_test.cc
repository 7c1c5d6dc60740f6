#include "services/grading/client.h"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "absl/time/clock.h"
#include "services/grading/testing/fake_verifier.h"

namespace drover::grading {
namespace {

absl::Time In(absl::Duration d) { return absl::Now() + d; }

TEST(GradingClient, SplitsLargeBatchesAndKeepsTheOrder) {
  FakeVerifier verifier(AllRight);
  GradingClientOptions options = Options({verifier.address()});
  options.batch = 10;
  GradingClient client(options);
  const auto results = client.Grade(Requests(95), In(absl::Seconds(10)));
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->size(), 95u);
  for (size_t i = 0; i < 95; ++i) EXPECT_EQ((*results)[i].id(), i * 7);
  EXPECT_EQ(verifier.calls, 10);
  EXPECT_TRUE(client.Grade({}, In(absl::Seconds(1)))->empty());
}

TEST(GradingClient, SplitsByBytesToo) {
  FakeVerifier verifier(AllRight);
  GradingClientOptions options = Options({verifier.address()});
  options.batch_bytes = 1000;
  GradingClient client(options);
  EXPECT_EQ(client.Grade(Requests(10, 450), In(absl::Seconds(10)))->size(), 10u);
  EXPECT_EQ(verifier.calls, 5);
  EXPECT_EQ(client.Grade(Requests(2, 5000), In(absl::Seconds(10)))->size(), 2u);
}

TEST(GradingClient, SpreadsCallsOverAddresses) {
  FakeVerifier a(AllRight), b(AllRight);
  GradingClient client(Options({a.address(), b.address()}));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.Grade(Requests(1), In(absl::Seconds(10))).ok());
  EXPECT_EQ(a.calls, 5);
  EXPECT_EQ(b.calls, 5);
}

TEST(GradingClient, GoesOnToTheNextAddressWhenOneIsDead) {
  std::string dead;
  { dead = FakeVerifier(AllRight).address(); }
  FakeVerifier alive(AllRight);
  GradingClient client(Options({dead, alive.address()}));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(client.Grade(Requests(1), In(absl::Seconds(10))).ok());
  EXPECT_EQ(alive.calls, 4);
}

TEST(GradingClient, WaitsForAVerifierThatIsStartedAgain) {
  std::string address;
  { address = FakeVerifier(AllRight).address(); }
  std::unique_ptr<FakeVerifier> late;
  std::thread starter([&] {
    absl::SleepFor(absl::Milliseconds(300));
    late = std::make_unique<FakeVerifier>(AllRight, address);
  });
  prometheus::Registry registry;
  metrics::GradingClientMetrics metrics(registry);
  GradingClient client(Options({address}), &metrics);
  const auto results = client.Grade(Requests(3), In(absl::Seconds(20)));
  starter.join();
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ((*results)[2].reward(), 1);
  EXPECT_GE(metrics.retries.Value(), 1);
}

TEST(GradingClient, AnErrorIsAnErrorAndNoReward) {
  int call = 0;
  FakeVerifier verifier(
      [&](const v1::GradeBatchRequest& request, v1::GradeBatchResponse* response) -> grpc::Status {
        AllRight(request, response);
        switch (call++) {
          case 0:
            return {grpc::StatusCode::INVALID_ARGUMENT, "unknown grader"};
          case 1:
            response->mutable_results()->RemoveLast();
            return grpc::Status::OK;
          case 2:
            response->mutable_results(0)->set_id(99);
            return grpc::Status::OK;
          default:
            response->mutable_results(0)->set_reward(std::numeric_limits<double>::quiet_NaN());
            return grpc::Status::OK;
        }
      });
  GradingClient client(Options({verifier.address()}));
  const auto code = [&] { return client.Grade(Requests(2), In(absl::Seconds(10))).status().code(); };
  EXPECT_EQ(code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(), absl::StatusCode::kInternal);
  EXPECT_EQ(code(), absl::StatusCode::kInternal);
  EXPECT_EQ(code(), absl::StatusCode::kInternal);
  EXPECT_EQ(verifier.calls, 4);
}

TEST(GradingClient, TriesBackPressureAgainUntilTheDeadline) {
  FakeVerifier busy([](const v1::GradeBatchRequest&, v1::GradeBatchResponse*) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
  });
  GradingClient client(Options({busy.address()}));
  const absl::Time begun = absl::Now();
  const auto results = client.Grade(Requests(1), In(absl::Milliseconds(300)));
  EXPECT_EQ(results.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GE(busy.calls, 3);
  EXPECT_LT(absl::Now() - begun, absl::Seconds(5));
}

TEST(GradingClient, StopEndsAWait) {
  GradingClient client(Options({"127.0.0.1:1"}));
  std::thread stopper([&] {
    absl::SleepFor(absl::Milliseconds(100));
    client.Stop();
  });
  EXPECT_EQ(client.Grade(Requests(1), In(absl::Hours(1))).status().code(), absl::StatusCode::kCancelled);
  stopper.join();
  EXPECT_EQ(client.Grade(Requests(1), In(absl::Hours(1))).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace drover::grading
