#include "services/grading/grader_pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/threads.h"

namespace drover::grading {
namespace {

// Requests that a thread takes at a time: enough to make the queue's lock cheap, few enough to spread a batch.
constexpr size_t kSlice = 8;

}  // namespace

absl::Status GraderPoolOptions::Validate() const {
  if (threads < 0 || threads > 1024) {
    return absl::InvalidArgumentError(
        absl::StrCat("threads is ", threads, "; it may be 0 (one per core) to 1024"));
  }
  if (max_queued < 1 || max_queued_bytes < 1) {
    return absl::InvalidArgumentError("a grader pool needs room for at least one grade in its queue");
  }
  return absl::OkStatus();
}

GraderPool::GraderPool(const GraderPoolOptions& options, metrics::VerifierMetrics* metrics,
                       GradeFunction grade)
    : options_(options),
      metrics_(metrics),
      grade_(std::move(grade)),
      begun_(static_cast<size_t>(ThreadCount({options.threads}))) {
  if (metrics_) {
    metrics_->threads.Set(static_cast<double>(begun_.size()));
    metrics_->queue_limit.Set(static_cast<double>(options.max_queued));
  }
  for (size_t i = 0; i < begun_.size(); ++i) threads_.emplace_back([this, i] { Work(i); });
}

GraderPool::~GraderPool() {
  std::deque<std::shared_ptr<Batch>> rest;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    rest.swap(queue_);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const auto& batch : rest) batch->done(*batch, absl::CancelledError("the grader pool has ended"));
}

absl::Status GraderPool::Submit(std::shared_ptr<Batch> batch, bool reserved) {
  const size_t grades = batch->requests.size();
  batch->results.resize(grades);
  batch->left_ = grades;
  batch->arrived_ = absl::Now();
  for (const v1::GradeRequest* request : batch->requests) batch->bytes_ += request->response().size();
  if (grades == 0) {
    batch->done(*batch, absl::OkStatus());
    return absl::OkStatus();
  }
  absl::MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the grader pool is ending");
  const bool full =
      queued_ + grades > options_.max_queued || queued_bytes_ + batch->bytes_ > options_.max_queued_bytes;
  if (full && !reserved) {
    if (metrics_) metrics_->rejected.Increment(static_cast<double>(grades));
    return absl::ResourceExhaustedError(absl::StrCat(
        queued_, " grades of ", queued_bytes_, " bytes are waiting; ", grades, " of ", batch->bytes_,
        " more are over the limit of ", options_.max_queued, " and ", options_.max_queued_bytes));
  }
  queued_ += grades;
  queued_bytes_ += batch->bytes_;
  if (metrics_) metrics_->queued.Set(static_cast<double>(queued_));
  queue_.push_back(std::move(batch));
  return absl::OkStatus();
}

absl::Duration GraderPool::LongestGrade() const {
  absl::Duration longest;
  const absl::Time now = absl::Now();
  for (const std::atomic<int64_t>& begun : begun_) {
    if (begun != 0) longest = std::max(longest, now - absl::FromUnixNanos(begun));
  }
  return longest;
}

void GraderPool::Work(size_t thread) {
  for (Slice slice = Take(); slice.batch != nullptr; slice = Take()) Grade(slice, thread);
}

GraderPool::Slice GraderPool::Take() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](GraderPool* self)
           ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) { return self->stopping_ || !self->queue_.empty(); },
      this));
  if (queue_.empty()) return {};
  const std::shared_ptr<Batch> batch = queue_.front();
  if (metrics_ && batch->next_ == 0) {
    metrics_->queue_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - batch->arrived_));
  }
  Slice slice = {batch, batch->next_, std::min(batch->next_ + kSlice, batch->requests.size())};
  batch->next_ = slice.end;
  queued_ -= slice.end - slice.begin;
  if (batch->next_ == batch->requests.size()) {
    queued_bytes_ -= batch->bytes_;
    queue_.pop_front();
  }
  if (metrics_) metrics_->queued.Set(static_cast<double>(queued_));
  return slice;
}

void GraderPool::Grade(const Slice& slice, size_t thread) {
  Batch& batch = *slice.batch;
  for (size_t i = slice.begin; i < slice.end; ++i) {
    const absl::Time begun = absl::Now();
    if (batch.cancelled || begun > batch.deadline) {
      batch.abandoned_ = true;
      if (metrics_) metrics_->abandoned.Increment(static_cast<double>(slice.end - i));
      break;
    }
    begun_[thread] = absl::ToUnixNanos(begun);
    batch.results[i] = grade_(*batch.requests[i]);
    begun_[thread] = 0;
    if (!metrics_) continue;
    metrics_->grade_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - begun));
    metrics_->Graded(batch.results[i].reason());
  }
  const size_t mine = slice.end - slice.begin;
  if (batch.left_.fetch_sub(mine) != mine) return;
  absl::Status status;
  if (batch.cancelled) {
    status = absl::CancelledError("the caller has gone");
  } else if (batch.abandoned_) {
    status = absl::DeadlineExceededError("out of time before every response was graded");
  }
  batch.done(batch, std::move(status));
}

}  // namespace drover::grading
