// Threads that grade. Batches wait in one bounded queue; a full queue refuses, so that callers slow down.
//
//   Submit --> queue (bounded in grades and bytes) --slices of a batch--> threads --last slice--> Batch::done
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "drover/v1/verifier.pb.h"
#include "services/metrics/verifier_metrics.h"

namespace drover::grading {

struct GraderPoolOptions {
  int threads = 0;                            // 0: one per core
  size_t max_queued = 65536;                  // grades that wait
  size_t max_queued_bytes = size_t{1} << 27;  // of requests that wait (128 MiB)

  absl::Status Validate() const;
};

// Several requests that are answered together.
struct Batch {
  std::vector<const v1::GradeRequest*> requests;  // valid until `done` has run
  absl::Time deadline = absl::InfiniteFuture();   // no grade begins after it
  std::atomic<bool> cancelled = false;  // set it when nobody waits any more: no further grade begins
  // Called once, by a grading thread (or by the pool's destructor), without locks held. OK: `results` are whole, in the
  // order of `requests`. DEADLINE_EXCEEDED or CANCELLED: some were not graded.
  std::function<void(Batch&, absl::Status)> done;
  std::vector<v1::GradeResult> results;

 private:
  friend class GraderPool;
  absl::Time arrived_;
  size_t next_ = 0;  // first request that no thread took yet; guarded by the pool's mutex
  size_t bytes_ = 0;
  std::atomic<size_t> left_ = 0;  // requests whose grade (or abandonment) is still to come
  std::atomic<bool> abandoned_ = false;
};

// Thread-safe.
class GraderPool {
 public:
  using GradeFunction = std::function<v1::GradeResult(const v1::GradeRequest&)>;

  // `metrics` may be null, else outlives the pool. `grade` is called by several threads at a time.
  GraderPool(const GraderPoolOptions& options, metrics::VerifierMetrics* metrics, GradeFunction grade);
  // Ends what is queued with CANCELLED and joins the threads.
  ~GraderPool();

  // RESOURCE_EXHAUSTED when the queue is full; `done` is not called then. An empty batch is done at once. `reserved`: the
  // caller bounds its own number of waiting grades, so the queue's limit is not asked.
  absl::Status Submit(std::shared_ptr<Batch> batch, bool reserved = false);

  int threads() const { return static_cast<int>(threads_.size()); }

  // How long the longest of the grades under way has taken; zero when all threads wait.
  absl::Duration LongestGrade() const;

 private:
  struct Slice {
    std::shared_ptr<Batch> batch;
    size_t begin = 0;
    size_t end = 0;
  };
  void Work(size_t thread);
  // The next requests to grade; a null batch when the pool ends.
  Slice Take();
  void Grade(const Slice& slice, size_t thread);

  const GraderPoolOptions options_;
  metrics::VerifierMetrics* const metrics_;
  const GradeFunction grade_;

  absl::Mutex mutex_;
  std::deque<std::shared_ptr<Batch>> queue_ ABSL_GUARDED_BY(mutex_);
  size_t queued_ ABSL_GUARDED_BY(mutex_) = 0;  // grades in the queue
  size_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::atomic<int64_t>> begun_;  // by thread: when its grade began, Unix nanoseconds; 0: none
  std::vector<std::thread> threads_;
};

}  // namespace drover::grading
