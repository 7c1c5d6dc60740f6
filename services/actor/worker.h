// An actor: leases groups, generates, has them graded, submits them.
//
//   lease thread ──▶ waiting ──▶ engine thread ──▶ generated ──▶ submit threads ──▶ learner
//                                     ▲                             │ grade
//                     WeightSource ───┘                             ▼
//                                                                verifier
//
// | loop          | consumes                        | waits for                          | unblocked by             |
// | ------------- | ------------------------------- | ---------------------------------- | ------------------------ |
// | lease         | leases (long poll)              | room: responses held below a limit | a submission's end       |
// | engine        | leases that Admit() starts      | a lease, weights                   | lease thread, the stream |
// | submit        | generated groups                | one                                | engine thread            |
// | renew         | -                               | a third of the lease's time        | the clock                |
//
// Whatever is held is in exactly one of: waiting, generating, submitting; all of it is bounded by groups_in_flight.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "drover/v1/verifier.pb.h"
#include "services/actor/admission.h"
#include "services/actor/generator.h"
#include "services/metrics/actor_metrics.h"
#include "services/weights/subscriber.h"

namespace drover::actor_process {

// The learner, as the worker sees it. Thread-safe; calls block and are tried again inside.
class LeaseSource {
 public:
  virtual ~LeaseSource() = default;
  virtual absl::StatusOr<v1::LeaseGroupsResponse> LeaseGroups(const v1::LeaseGroupsRequest& request) = 0;
  virtual absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) = 0;
  virtual absl::Status ReturnLeases(const v1::ReturnLeasesRequest& request) = 0;
  virtual absl::StatusOr<v1::SubmitGroupResponse> SubmitGroup(const v1::SubmitGroupRequest& request) = 0;
  // Ends running and later calls with CANCELLED.
  virtual void Cancel() = 0;
};

// The verifiers. Thread-safe.
class Grader {
 public:
  virtual ~Grader() = default;
  virtual absl::StatusOr<std::vector<v1::GradeResult>> Grade(const std::vector<v1::GradeRequest>& requests,
                                                             absl::Time deadline) = 0;
  virtual void Stop() = 0;
};

// The weight stream. Thread-safe.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  // The newest version whose digest was verified; null before the first.
  virtual std::shared_ptr<const weights::Received> Newest() const = 0;
};

struct WorkerOptions {
  std::string name;                // unique among the run's actors
  uint32_t groups_in_flight = 16;  // held at a time, in groups of ...
  uint32_t group_size = 8;         // ... so many responses
  uint32_t max_batch = 256;        // responses that the engine decodes at a time
  bool continue_on_swap = false;  // weights.swap: CONTINUE; else running groups end under their weights first
  int submitters = 2;             // threads that grade and submit
  absl::Duration lease_wait = absl::Seconds(10);  // of a long poll
  absl::Duration grade_timeout =
      absl::Minutes(10);  // for the verifiers to come back; the lease is renewed meanwhile
  absl::Duration drain_timeout = absl::Seconds(15);  // for groups in flight when the actor is told to stop

  absl::Status Validate() const;
};

// Everything it is made of outlives it.
struct WorkerParts {
  LeaseSource* leases = nullptr;
  Grader* grader = nullptr;
  WeightSource* weights = nullptr;
  Generator* generator = nullptr;
  metrics::ActorMetrics* metrics = nullptr;
  std::function<absl::StatusOr<std::vector<uint32_t>>(std::string_view text)> encode;  // the tokenizer
};

class Worker {
 public:
  Worker(const WorkerOptions& options, const WorkerParts& parts);
  ~Worker();

  // Works until the run is over or Drain() was called and is done, then returns OK; an error that no retry mends (the
  // weights do not fit the model) ends it with that error. Call it once.
  absl::Status Run();

  // Takes no more leases; groups in flight are finished within drain_timeout or handed back. Thread-safe.
  void Drain();

  // Thread-safe: has weights and is not draining.
  bool ready() const;
  // When the engine thread last went round. Thread-safe.
  absl::Time last_progress() const;

 private:
  enum class Stage { kWaiting, kGenerating, kSubmitting };
  struct Held {
    v1::Lease lease;
    Stage stage = Stage::kWaiting;
    absl::Time since;
    std::vector<uint32_t> prompt_token_ids;
  };

  void LeaseLoop();
  // Waits for the end of the threads, up to `pause`; whether it came.
  bool StoppedWithin(absl::Duration pause) ABSL_LOCKS_EXCLUDED(mutex_);
  void TakeLeases(const v1::LeaseGroupsResponse& answer);
  void EngineLoop();
  void SubmitLoop();
  void RenewLoop();

  // Engine thread.
  absl::Status MaybeSwap();
  void DropBefore(uint32_t incarnation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool EvaluationRuns() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool EngineHasRoom(uint64_t responses) const;
  void AdmitWaiting();
  void CancelLost();
  void Step();

  bool Start(uint64_t lease_id, const v1::Lease& lease);
  void Submit(Generated generated);
  absl::StatusOr<v1::Group> GradeGroup(const Held& held, std::vector<v1::Response> responses);
  void GiveBack(const v1::Lease& lease, std::string_view reason, bool failed);
  void Forget(uint64_t lease_id);
  void GiveBackAll(std::string_view reason);

  uint64_t ResponsesHeld() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void UpdateGauges() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WorkerOptions options_;
  const WorkerParts parts_;

  mutable absl::Mutex mutex_;
  std::map<uint64_t, Held> held_ ABSL_GUARDED_BY(mutex_);    // by lease: served in lease order
  std::deque<Generated> generated_ ABSL_GUARDED_BY(mutex_);  // bounded by held_
  std::vector<uint64_t> lost_ ABSL_GUARDED_BY(mutex_);       // no longer ours: the engine thread cancels them
  std::optional<CurrentWeights> current_ ABSL_GUARDED_BY(mutex_);
  bool no_more_leases_ ABSL_GUARDED_BY(mutex_) = false;  // the run is over, or draining
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;  // threads end
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int64_t> last_progress_nanos_{0};
};

}  // namespace drover::actor_process
