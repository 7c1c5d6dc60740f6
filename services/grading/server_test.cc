#include "services/grading/server.h"

#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "services/grading/grade_one.h"
#include "services/rpc/channel.h"
#include "services/rpc/server.h"

namespace drover::grading {
namespace {

v1::GradeRequest Request(uint64_t id, const std::string& answer) {
  v1::GradeRequest request;
  request.set_id(id);
  request.add_gold("42");
  request.set_response("\\boxed{" + answer + "}");
  request.set_format("boxed");
  return request;
}

class VerifierServerTest : public ::testing::Test {
 protected:
  void Start(GraderPool::GradeFunction grade = GradeOne,
             const GraderPoolOptions& pool_options = {.threads = 2},
             const VerifierServerOptions& options = {}) {
    pool_ = std::make_unique<GraderPool>(pool_options, &metrics_, std::move(grade));
    service_ = std::make_unique<VerifierServer>(options, pool_.get(), &metrics_);
    auto server = rpc::Server::Start({}, {{v1::VerifierService::service_full_name(), service_->service()}});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
    stub_ = v1::VerifierService::NewStub(rpc::MakeChannel(server_->address()));
  }
  grpc::Status Grade(const v1::GradeBatchRequest& request, v1::GradeBatchResponse* response,
                     absl::Duration timeout = absl::Seconds(10)) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    return stub_->Grade(&context, request, response);
  }

  metrics::VerifierMetrics metrics_{ReasonNames()};
  std::unique_ptr<GraderPool> pool_;
  std::unique_ptr<VerifierServer> service_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<v1::VerifierService::Stub> stub_;
};

TEST_F(VerifierServerTest, ABatchIsAnsweredInOrder) {
  Start();
  v1::GradeBatchRequest request;
  for (uint64_t id = 0; id < 100; ++id) *request.add_requests() = Request(id, id % 3 == 0 ? "42" : "41");
  v1::GradeBatchResponse response;
  ASSERT_TRUE(Grade(request, &response).ok());
  ASSERT_EQ(response.results_size(), 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(response.results(i).id(), static_cast<uint64_t>(i));
    EXPECT_EQ(response.results(i).reward(), i % 3 == 0 ? 1 : 0);
    EXPECT_EQ(response.results(i).extracted(), i % 3 == 0 ? "42" : "41");
  }
  EXPECT_EQ(metrics_.unary_calls.Value(), 1);
  EXPECT_EQ(metrics_.grade_seconds.Collect().histogram.sample_count, 100u);
}

TEST_F(VerifierServerTest, WrongRequestsAreErrorsAndNoRewards) {
  Start();
  v1::GradeBatchRequest request;
  *request.add_requests() = Request(1, "42");
  *request.add_requests() = Request(2, "42");
  request.mutable_requests(1)->set_format("yaml");
  v1::GradeBatchResponse response;
  const grpc::Status status = Grade(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(status.error_message().find("yaml"), std::string::npos);
  EXPECT_EQ(response.results_size(), 0);
}

TEST_F(VerifierServerTest, AnEmptyBatchIsAnsweredEmpty) {
  Start();
  v1::GradeBatchResponse response;
  EXPECT_TRUE(Grade({}, &response).ok());
}

TEST_F(VerifierServerTest, AFullQueueIsResourceExhausted) {
  absl::Notification open;
  Start(
      [&](const v1::GradeRequest& request) {
        open.WaitForNotification();
        return GradeOne(request);
      },
      {.threads = 1, .max_queued = 4});
  v1::GradeBatchRequest request;
  for (uint64_t id = 0; id < 5; ++id) *request.add_requests() = Request(id, "1");
  v1::GradeBatchResponse response;
  EXPECT_EQ(Grade(request, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  open.Notify();
}

TEST_F(VerifierServerTest, DeadlinesAreHonoured) {
  Start([](const v1::GradeRequest& request) {
    absl::SleepFor(absl::Milliseconds(20));
    return GradeOne(request);
  });
  v1::GradeBatchRequest request;
  for (uint64_t id = 0; id < 1000; ++id) *request.add_requests() = Request(id, "1");
  v1::GradeBatchResponse response;
  EXPECT_EQ(Grade(request, &response, absl::Milliseconds(100)).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  const absl::Time until = absl::Now() + absl::Seconds(5);
  while (metrics_.abandoned.Value() < 900 && absl::Now() < until) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_GE(metrics_.abandoned.Value(), 900);
}

TEST_F(VerifierServerTest, AStreamAnswersEverything) {
  Start(GradeOne, {.threads = 2, .max_queued = 1}, {.max_stream_in_flight = 8});
  grpc::ClientContext context;
  auto stream = stub_->GradeStream(&context);
  std::thread writer([&] {
    for (uint64_t id = 0; id < 500; ++id) ASSERT_TRUE(stream->Write(Request(id, id % 2 == 0 ? "42" : "7")));
    stream->WritesDone();
  });
  std::vector<bool> seen(500);
  v1::GradeResult result;
  while (stream->Read(&result)) {
    EXPECT_FALSE(seen.at(result.id()));
    seen.at(result.id()) = true;
    EXPECT_EQ(result.reward(), result.id() % 2 == 0 ? 1 : 0);
  }
  writer.join();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 500);
}

TEST_F(VerifierServerTest, AWrongRequestEndsTheStreamAfterTheAnswersBeforeIt) {
  Start();
  grpc::ClientContext context;
  auto stream = stub_->GradeStream(&context);
  stream->Write(Request(1, "42"));
  v1::GradeRequest bad = Request(2, "42");
  bad.clear_gold();
  stream->Write(bad);
  v1::GradeResult result;
  EXPECT_TRUE(stream->Read(&result));
  EXPECT_EQ(result.id(), 1u);
  EXPECT_FALSE(stream->Read(&result));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(VerifierServerTest, ACancelledStreamLetsGo) {
  Start([](const v1::GradeRequest& request) {
    absl::SleepFor(absl::Milliseconds(5));
    return GradeOne(request);
  });
  {
    grpc::ClientContext context;
    auto stream = stub_->GradeStream(&context);
    for (uint64_t id = 0; id < 20; ++id) stream->Write(Request(id, "42"));
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
  const absl::Time begun = absl::Now();
  server_->Shutdown(absl::Seconds(5));
  EXPECT_LT(absl::Now() - begun, absl::Seconds(4));
}

// Sixteen grades are read ahead of the one under way; when the client goes, they are not graded for nobody.
TEST_F(VerifierServerTest, ACancelledStreamIsNotGradedOn) {
  absl::Notification open;
  Start(
      [&](const v1::GradeRequest& request) {
        open.WaitForNotification();
        absl::SleepFor(absl::Milliseconds(20));
        return GradeOne(request);
      },
      {.threads = 1}, {.max_stream_in_flight = 17});
  grpc::ClientContext context;
  auto stream = stub_->GradeStream(&context);
  for (uint64_t id = 0; id < 17; ++id) ASSERT_TRUE(stream->Write(Request(id, "42")));
  while (metrics_.queued.Value() < 16) absl::SleepFor(absl::Milliseconds(1));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // The server has heard of it before a later call on the same connection, but for its callback's way to a thread.
  v1::GradeBatchResponse response;
  EXPECT_TRUE(Grade({}, &response).ok());
  absl::SleepFor(absl::Milliseconds(100));
  open.Notify();
  const absl::Time until = absl::Now() + absl::Seconds(20);
  while (metrics_.queued.Value() > 0 && absl::Now() < until) absl::SleepFor(absl::Milliseconds(1));
  pool_.reset();  // joins the grading thread
  EXPECT_GE(metrics_.abandoned.Value(), 1);
}

TEST_F(VerifierServerTest, NamedGradersOverTheWire) {
  Start();
  const auto grade = [&](const std::string& grader, const std::string& gold, const std::string& answer) {
    v1::GradeBatchRequest request;
    v1::GradeRequest* one = request.add_requests();
    one->set_grader(grader);
    one->add_gold(gold);
    one->set_response(answer);
    one->set_already_extracted(true);
    v1::GradeBatchResponse response;
    const grpc::Status status = Grade(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return status.ok() ? response.results(0).reason() : "";
  };
  EXPECT_EQ(grade("", "1/2", "0.5"), "equal_exact");
  EXPECT_EQ(grade("math", "1/2", "0.5"), "equal_exact");
  EXPECT_EQ(grade("exact", "1/2", "0.5"), "different");
  EXPECT_EQ(grade("exact", "1/2", " 1/2"), "equal_text");
  EXPECT_EQ(grade("countdown", "24: 3 8", "3 * 8"), "equal_exact");
  EXPECT_EQ(grade("countdown", "24: 4 6 1", "4 * 6"), "different");
  EXPECT_EQ(grade("choice", "B", "(b)"), "equal_text");
}

TEST_F(VerifierServerTest, AnUnknownGraderIsAnErrorThatNamesThoseThereAre) {
  Start();
  v1::GradeBatchRequest request;
  *request.add_requests() = Request(3, "42");
  request.mutable_requests(0)->set_grader("maths");
  v1::GradeBatchResponse response;
  const grpc::Status status = Grade(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(),
            "grade request 3: grader is \"maths\"; it may be choice, countdown, exact, math");
  grpc::ClientContext context;
  auto stream = stub_->GradeStream(&context);
  stream->Write(request.requests(0));
  v1::GradeResult result;
  EXPECT_FALSE(stream->Read(&result));
  EXPECT_EQ(stream->Finish().error_message(), status.error_message());
}

TEST_F(VerifierServerTest, EveryReasonIsCountedFromZero) {
  const auto families = metrics_.registry->Collect();
  const auto grades = std::find_if(families.begin(), families.end(), [](const auto& family) {
    return family.name == "drover_verifier_grades_total";
  });
  ASSERT_NE(grades, families.end());
  std::set<std::string> reasons;
  for (const auto& metric : grades->metric) {
    EXPECT_EQ(metric.counter.value, 0);
    reasons.insert(metric.label[0].value);
  }
  std::set<std::string> expected = {"other"};
  for (const std::string& name : ReasonNames()) expected.insert(name);
  EXPECT_EQ(reasons, expected);
  // ReasonNames is written by hand: every code up to the last has a name in it.
  EXPECT_EQ(ReasonNames().size(), static_cast<size_t>(verifier::Reason::kInvalidRequest) + 1);
  const std::string page = ReadFile("docs/reference/metrics.md").value_or("");
  for (const std::string& name : ReasonNames())
    EXPECT_NE(page.find("`" + name + "`"), std::string::npos) << name;
}

TEST_F(VerifierServerTest, DrainFinishesWhatIsInFlightAndEndsIdleStreams) {
  Start();
  grpc::ClientContext idle_context;
  auto idle = stub_->GradeStream(&idle_context);
  idle->Write(Request(1, "42"));
  v1::GradeResult result;
  ASSERT_TRUE(idle->Read(&result));
  service_->Drain();
  EXPECT_FALSE(idle->Read(&result));
  EXPECT_EQ(idle->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  grpc::ClientContext late_context;
  auto late = stub_->GradeStream(&late_context);
  EXPECT_EQ(late->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(VerifierServerTest, TooManyStreamsAreRefused) {
  Start(GradeOne, {.threads = 1}, {.max_streams = 1});
  grpc::ClientContext first_context, second_context;
  auto first = stub_->GradeStream(&first_context);
  first->Write(Request(1, "42"));
  v1::GradeResult result;
  ASSERT_TRUE(first->Read(&result));
  auto second = stub_->GradeStream(&second_context);
  EXPECT_EQ(second->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  first->WritesDone();
  EXPECT_TRUE(first->Finish().ok());
}

}  // namespace
}  // namespace drover::grading
