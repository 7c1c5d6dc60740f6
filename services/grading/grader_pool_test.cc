#include "services/grading/grader_pool.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "services/grading/grade_one.h"

namespace drover::grading {
namespace {

// Reward 1 for an even id.
v1::GradeResult Parity(const v1::GradeRequest& request) {
  v1::GradeResult result;
  result.set_id(request.id());
  result.set_reward(request.id() % 2 == 0 ? 1 : 0);
  result.set_reason("parity");
  return result;
}

struct TestBatch : Batch {
  explicit TestBatch(size_t n, size_t bytes = 1) : owned(n) {
    for (size_t i = 0; i < n; ++i) {
      owned[i].set_id(i);
      owned[i].set_response(std::string(bytes, 'x'));
      requests.push_back(&owned[i]);
    }
    done = [this](Batch&, absl::Status s) {
      status = std::move(s);
      finished.Notify();
    };
  }
  std::vector<v1::GradeRequest> owned;
  absl::Status status = absl::UnknownError("not done");
  absl::Notification finished;
};

// A grader that waits until it is let go.
class Gate {
 public:
  GraderPool::GradeFunction grade() {
    return [this](const v1::GradeRequest& request) {
      ++entered;
      open.WaitForNotification();
      return Parity(request);
    };
  }
  absl::Notification open;
  std::atomic<int> entered = 0;
};

TEST(GraderPool, GradesEveryRequestInOrder) {
  metrics::VerifierMetrics metrics({"parity"});
  GraderPool pool({.threads = 4}, &metrics, Parity);
  std::vector<std::shared_ptr<TestBatch>> batches;
  for (size_t n = 0; n < 50; ++n) {
    batches.push_back(std::make_shared<TestBatch>(n));
    ASSERT_TRUE(pool.Submit(batches.back()).ok());
  }
  double grades = 0;
  for (const auto& batch : batches) {
    batch->finished.WaitForNotification();
    EXPECT_TRUE(batch->status.ok());
    for (size_t i = 0; i < batch->owned.size(); ++i) {
      EXPECT_EQ(batch->results[i].id(), i);
      EXPECT_EQ(batch->results[i].reward(), i % 2 == 0 ? 1 : 0);
      ++grades;
    }
  }
  EXPECT_EQ(grades, 49 * 50 / 2);
  EXPECT_EQ(metrics.queued.Value(), 0);
  EXPECT_EQ(metrics.threads.Value(), 4);
}

TEST(GraderPool, AFullQueueRefuses) {
  Gate gate;
  metrics::VerifierMetrics metrics({});
  GraderPool pool({.threads = 1, .max_queued = 10}, &metrics, gate.grade());
  auto running = std::make_shared<TestBatch>(1);
  ASSERT_TRUE(pool.Submit(running).ok());
  while (gate.entered == 0) absl::SleepFor(absl::Milliseconds(1));
  auto waiting = std::make_shared<TestBatch>(10), refused = std::make_shared<TestBatch>(1);
  ASSERT_TRUE(pool.Submit(waiting).ok());
  EXPECT_EQ(metrics.queued.Value(), 10);
  EXPECT_EQ(pool.Submit(refused).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(metrics.rejected.Value(), 1);
  EXPECT_TRUE(pool.Submit(refused, /*reserved=*/true).ok());
  gate.open.Notify();
  for (const auto& batch : {running, waiting, refused}) batch->finished.WaitForNotification();
  EXPECT_FALSE(absl::IsResourceExhausted(pool.Submit(std::make_shared<TestBatch>(10))));
}

TEST(GraderPool, AGradeThatHangsIsSeen) {
  Gate gate;
  GraderPool pool({.threads = 2}, nullptr, gate.grade());
  EXPECT_EQ(pool.LongestGrade(), absl::ZeroDuration());
  auto batch = std::make_shared<TestBatch>(1);
  ASSERT_TRUE(pool.Submit(batch).ok());
  while (gate.entered == 0) absl::SleepFor(absl::Milliseconds(1));
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_GE(pool.LongestGrade(), absl::Milliseconds(20));
  gate.open.Notify();
  batch->finished.WaitForNotification();
  EXPECT_EQ(pool.LongestGrade(), absl::ZeroDuration());
}

TEST(GraderPool, AQueueIsFullInBytesToo) {
  Gate gate;
  GraderPool pool({.threads = 1, .max_queued_bytes = 1000}, nullptr, gate.grade());
  EXPECT_EQ(pool.Submit(std::make_shared<TestBatch>(1, 2000)).code(), absl::StatusCode::kResourceExhausted);
  auto fits = std::make_shared<TestBatch>(1, 1000);
  EXPECT_TRUE(pool.Submit(fits).ok());
  gate.open.Notify();
  fits->finished.WaitForNotification();
}

TEST(GraderPool, NothingBeginsAfterTheDeadlineOrForACallerThatHasGone) {
  Gate gate;
  metrics::VerifierMetrics metrics({});
  GraderPool pool({.threads = 1}, &metrics, gate.grade());
  auto first = std::make_shared<TestBatch>(1);
  ASSERT_TRUE(pool.Submit(first).ok());
  auto late = std::make_shared<TestBatch>(3), gone = std::make_shared<TestBatch>(3);
  late->deadline = absl::Now() - absl::Seconds(1);
  ASSERT_TRUE(pool.Submit(late).ok());
  ASSERT_TRUE(pool.Submit(gone).ok());
  gone->cancelled = true;
  gate.open.Notify();
  late->finished.WaitForNotification();
  gone->finished.WaitForNotification();
  EXPECT_EQ(late->status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(gone->status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(gate.entered, 1);
  EXPECT_EQ(metrics.abandoned.Value(), 6);
}

TEST(GraderPool, TheEndAnswersEverybody) {
  Gate gate;
  auto running = std::make_shared<TestBatch>(1), waiting = std::make_shared<TestBatch>(5);
  {
    GraderPool pool({.threads = 1}, nullptr, gate.grade());
    ASSERT_TRUE(pool.Submit(running).ok());
    while (gate.entered == 0) absl::SleepFor(absl::Milliseconds(1));
    ASSERT_TRUE(pool.Submit(waiting).ok());
    gate.open.Notify();
  }
  EXPECT_TRUE(running->finished.HasBeenNotified());
  EXPECT_TRUE(waiting->finished.HasBeenNotified());
}

TEST(GradeOne, RequestsThatNoGradeCanAnswerAreErrors) {
  v1::GradeRequest request;
  request.set_id(7);
  request.add_gold("1");
  request.set_format("boxed");
  request.set_response("\\boxed{1}");
  EXPECT_TRUE(ValidateRequest(request).ok());
  EXPECT_EQ(GradeOne(request).reward(), 1);
  EXPECT_EQ(GradeOne(request).id(), 7u);
  for (const auto& spoil : std::vector<std::function<void(v1::GradeRequest&)>>{
           [](auto& r) { r.set_format("xml"); }, [](auto& r) { r.clear_format(); },
           [](auto& r) { r.set_grader("astrology"); }, [](auto& r) { r.clear_gold(); }}) {
    v1::GradeRequest bad = request;
    spoil(bad);
    const absl::Status status = ValidateRequest(bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(status.message()).find("request 7"), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace drover::grading
