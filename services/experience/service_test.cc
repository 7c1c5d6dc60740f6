// The service and the actors' client over a channel inside the process.
#include "services/experience/service.h"

#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "absl/synchronization/notification.h"
#include "services/experience/client.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using testing::Answer;
using testing::FakeClock;
using testing::MustOpen;
using testing::SmallRun;
using testing::TempFolder;

ExperienceClientOptions Fast() {
  ExperienceClientOptions options;
  options.retry_for = absl::Seconds(20);
  options.caller.backoff.initial = absl::Milliseconds(5);
  options.caller.backoff.max = absl::Milliseconds(50);
  return options;
}

v1::LeaseGroupsRequest Ask(uint32_t max, double wait_seconds) {
  v1::LeaseGroupsRequest request;
  request.set_actor("actor-0");
  request.set_max_leases(max);
  request.set_wait_seconds(wait_seconds);
  return request;
}

class ServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = MustOpen(SmallRun(folder_.path(), nullptr, 4, 2, 0));
    service_ = std::make_unique<ExperienceService>(
        store_.get(), ServiceOptions{.sampling_digest = "digest", .metrics = &metrics_});
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::ExperienceService::NewStub(server_->InProcessChannel({}));
    client_ = std::make_unique<ExperienceClient>(stub_.get(), Fast());
  }
  void TearDown() override { server_->Shutdown(std::chrono::system_clock::now()); }
  void Begin() {
    ASSERT_TRUE(store_->StartIncarnation(0).ok());
    ASSERT_TRUE(store_->Publish(0).ok());
  }
  v1::SubmitGroupRequest Graded(const v1::Lease& lease) {
    v1::SubmitGroupRequest request;
    request.set_kind(lease.kind());
    request.set_token(lease.token());
    *request.mutable_group() = Answer(lease, 0);
    return request;
  }

  TempFolder folder_;
  std::shared_ptr<prometheus::Registry> registry_ = std::make_shared<prometheus::Registry>();
  metrics::ExperienceMetrics metrics_{*registry_};
  std::unique_ptr<ExperienceStore> store_;
  std::unique_ptr<ExperienceService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::ExperienceService::StubInterface> stub_;
  std::unique_ptr<ExperienceClient> client_;
};

TEST_F(ServiceTest, AGroupGoesAllTheWay) {
  Begin();
  const auto leased = client_->LeaseGroups(Ask(2, 5));
  ASSERT_TRUE(leased.ok()) << leased.status();
  ASSERT_EQ(leased->leases_size(), 2);
  v1::RenewLeasesRequest renew;
  renew.set_actor("actor-0");
  renew.set_incarnation(1);
  renew.add_leases(1);
  renew.add_leases(9);
  renew.add_tokens(leased->leases(0).token());
  renew.add_tokens(leased->leases(0).token());
  EXPECT_EQ(client_->RenewLeases(renew)->held_size(), 1);
  EXPECT_EQ(client_->SubmitGroup(Graded(leased->leases(0)))->outcome(), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(client_->SubmitGroup(Graded(leased->leases(0)))->outcome(), v1::SUBMIT_OUTCOME_ALREADY_HAVE);
  v1::ReturnLeasesRequest give_back;
  give_back.set_actor("actor-0");
  give_back.set_incarnation(1);
  give_back.add_leases(2);
  give_back.add_tokens(leased->leases(1).token());
  EXPECT_TRUE(client_->ReturnLeases(give_back).ok());
  EXPECT_EQ(client_->SubmitGroup(Graded(leased->leases(1)))->outcome(), v1::SUBMIT_OUTCOME_EXPIRED);
  const auto again = client_->LeaseGroups(Ask(2, 5));
  ASSERT_EQ(again->leases_size(), 1);
  EXPECT_EQ(client_->SubmitGroup(Graded(again->leases(0)))->outcome(), v1::SUBMIT_OUTCOME_ACCEPTED);
  EXPECT_EQ(store_->WaitForRollout(0, absl::Seconds(10))->size(), 2u);
  EXPECT_EQ(leased->sampling_digest(), "digest");
  EXPECT_GT(metrics_.group_timestamp.Value(), 0);
  EXPECT_EQ(metrics_.submit_seconds.Collect().histogram.sample_count, 4u);
}

TEST_F(ServiceTest, AnswersAreCountedByOutcomeAndErrorsByKind) {
  Begin();
  const auto leased = client_->LeaseGroups(Ask(1, 5));
  ASSERT_TRUE(client_->SubmitGroup(Graded(leased->leases(0))).ok());
  ASSERT_TRUE(client_->SubmitGroup(Graded(leased->leases(0))).ok());
  EXPECT_FALSE(client_->LeaseGroups(Ask(0, 0)).ok());
  std::map<std::string, double> counts;
  for (const prometheus::MetricFamily& family : registry_->Collect()) {
    for (const prometheus::ClientMetric& metric : family.metric) {
      if (!metric.label.empty()) counts[family.name + " " + metric.label[0].value] = metric.counter.value;
    }
  }
  EXPECT_EQ(counts["drover_experience_submissions_total accepted"], 1);
  EXPECT_EQ(counts["drover_experience_submissions_total already_have"], 1);
  EXPECT_EQ(counts["drover_experience_submissions_total stale"], 0);
  EXPECT_EQ(counts["drover_experience_call_errors_total invalid"], 1);
}

TEST_F(ServiceTest, ManyLongPollsHoldNoThreads) {
  constexpr int kPolls = 200;
  std::atomic<int> finished{0};
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<v1::LeaseGroupsResponse> responses(kPolls);
  const v1::LeaseGroupsRequest request = Ask(1, 30);
  auto stub = v1::ExperienceService::NewStub(server_->InProcessChannel({}));
  absl::Notification all;
  for (int i = 0; i < kPolls; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    stub->async()->LeaseGroups(contexts.back().get(), &request, &responses[i],
                               [&](const grpc::Status& status) {
                                 EXPECT_TRUE(status.ok()) << status.error_message();
                                 if (++finished == kPolls) all.Notify();
                               });
  }
  // While they wait, other calls are answered.
  v1::RenewLeasesRequest renew;
  renew.set_actor("actor-0");
  EXPECT_TRUE(client_->RenewLeases(renew).ok());
  EXPECT_EQ(finished, 0);
  Begin();
  store_->Finish();
  all.WaitForNotification();
}

TEST_F(ServiceTest, AClientThatGoesAwayTakesNoLease) {
  grpc::ClientContext context;
  v1::LeaseGroupsResponse response;
  std::thread poll([&] {
    EXPECT_EQ(stub_->LeaseGroups(&context, Ask(1, 30), &response).error_code(), grpc::StatusCode::CANCELLED);
  });
  absl::SleepFor(absl::Milliseconds(50));
  context.TryCancel();
  poll.join();
  // The server learns of it a little later.
  absl::SleepFor(absl::Milliseconds(200));
  Begin();
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(store_->Counts().leased(), 0u);
}

TEST_F(ServiceTest, BadInputIsAnErrorThatNamesTheField) {
  Begin();
  EXPECT_EQ(client_->LeaseGroups(Ask(0, 0)).status().code(), absl::StatusCode::kInvalidArgument);
  const v1::Lease lease = client_->LeaseGroups(Ask(1, 5))->leases(0);
  v1::SubmitGroupRequest request = Graded(lease);
  request.mutable_group()->mutable_responses(1)->add_logprobs(-1);
  const absl::Status status = client_->SubmitGroup(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("group.responses[1].logprobs"), absl::string_view::npos) << status;
  request = Graded(lease);
  request.mutable_group()->set_lease(999);
  EXPECT_EQ(client_->SubmitGroup(request).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(client_->SubmitGroup(v1::SubmitGroupRequest()).status().code(),
            absl::StatusCode::kInvalidArgument);
  // The lease is still held, and the right group still taken.
  EXPECT_EQ(client_->SubmitGroup(Graded(lease))->outcome(), v1::SUBMIT_OUTCOME_ACCEPTED);
}

// Answers UNAVAILABLE so many times before it passes a call on.
class FlakyService final : public v1::ExperienceService::Service {
 public:
  explicit FlakyService(int failures) : failures_(failures) {}
  grpc::Status RenewLeases(grpc::ServerContext*, const v1::RenewLeasesRequest* request,
                           v1::RenewLeasesResponse* response) override {
    ++calls_;
    if (failures_-- > 0) return {grpc::StatusCode::UNAVAILABLE, "away"};
    response->add_held(request->leases(0));
    return grpc::Status::OK;
  }
  int calls() const { return calls_; }

 private:
  std::atomic<int> failures_;
  std::atomic<int> calls_{0};
};

struct FlakyServer {
  explicit FlakyServer(int failures) : service(failures) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    stub = v1::ExperienceService::NewStub(server->InProcessChannel({}));
  }
  FlakyService service;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<v1::ExperienceService::StubInterface> stub;
};

v1::RenewLeasesRequest RenewOne() {
  v1::RenewLeasesRequest request;
  request.add_leases(5);
  return request;
}

TEST(ExperienceClientTest, TriesAgainWhileTheLearnerIsAway) {
  FlakyServer flaky(3);
  ExperienceClient client(flaky.stub.get(), Fast());
  const auto response = client.RenewLeases(RenewOne());
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->held(0), 5u);
  EXPECT_EQ(flaky.service.calls(), 4);
}

TEST(ExperienceClientTest, GivesUpAfterItsTimeWithTheLastError) {
  FlakyServer flaky(1000000);
  ExperienceClientOptions options = Fast();
  options.retry_for = absl::Milliseconds(200);
  ExperienceClient client(flaky.stub.get(), options);
  const absl::Time start = absl::Now();
  const absl::Status status = client.RenewLeases(RenewOne()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(status.message().find("renew leases"), absl::string_view::npos);
  EXPECT_GT(flaky.service.calls(), 2);
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST(ExperienceClientTest, CancelEndsAWaitingRetryAndALongPoll) {
  FlakyServer flaky(1000000);
  ExperienceClientOptions options = Fast();
  options.retry_for = absl::Hours(1);
  options.caller.backoff.initial = options.caller.backoff.max = absl::Minutes(10);
  ExperienceClient client(flaky.stub.get(), options);
  std::thread call([&] { EXPECT_TRUE(absl::IsCancelled(client.RenewLeases(RenewOne()).status())); });
  absl::SleepFor(absl::Milliseconds(50));
  client.Cancel();
  call.join();
  EXPECT_TRUE(absl::IsCancelled(client.RenewLeases(RenewOne()).status()));
}

TEST_F(ServiceTest, CancelEndsALongPoll) {
  std::thread call([&] { EXPECT_TRUE(absl::IsCancelled(client_->LeaseGroups(Ask(1, 30)).status())); });
  absl::SleepFor(absl::Milliseconds(50));
  client_->Cancel();
  call.join();
}

TEST(ExperienceClientTest, OptionsAreChecked) {
  EXPECT_TRUE(ExperienceClientOptions().Validate().ok());
  ExperienceClientOptions options;
  options.call_timeout = absl::ZeroDuration();
  EXPECT_FALSE(options.Validate().ok());
}

}  // namespace
}  // namespace drover::experience
