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
#include "actor/generator.h"
#include "base/heartbeat.h"
#include "programs/actor/admission.h"
#include "programs/actor/peers.h"
#include "programs/actor/submitter.h"
#include "programs/process/readiness.h"
#include "services/metrics/actor_metrics.h"

namespace drover::actor_process {

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
  absl::Duration drain_timeout =
      absl::Seconds(15);  // from Drain() to the end of Run(), handing back included
  // Of the recipe that this actor samples by; a learner that says another one ends the worker. Empty: not compared.
  std::string sampling_digest;

  absl::Status Validate() const;
};

// Everything it is made of outlives it.
struct WorkerParts {
  LeaseSource* leases = nullptr;
  Grader* grader = nullptr;
  WeightSource* weights = nullptr;
  actor::Generator* generator = nullptr;
  metrics::ActorMetrics* metrics = nullptr;
  process::Readiness* readiness = nullptr;  // told of confirmed weights and of draining; may be null
  Heartbeats* heartbeats = nullptr;         // one pulse a loop; may be null
  std::function<absl::StatusOr<std::vector<uint32_t>>(std::string_view text)> encode;  // the tokenizer
};

class Worker {
 public:
  Worker(const WorkerOptions& options, const WorkerParts& parts);
  ~Worker();

  // Works until the run is over or Drain() was called and is done, then returns OK; an error that no retry mends (the
  // weights do not fit the model), or ABORTED when the learner's recipe became another one, ends it with that error.
  // Call it once.
  absl::Status Run();

  // Takes no more leases and hands back those not begun; groups in generation are finished, or handed back in time for
  // Run() to end within drain_timeout. Thread-safe.
  void Drain();

  // Thread-safe: has weights and is not draining.
  bool ready() const;

 private:
  enum class Stage { kWaiting, kGenerating, kSubmitting };
  struct Held {
    v1::Lease lease;
    Stage stage = Stage::kWaiting;
    absl::Time since;
  };

  // worker_leases.cc
  void LeaseLoop();
  // Asks for leases once; whether the learner answered.
  bool AskForLeases(uint64_t room);
  // Waits for the end of the threads, up to `pause`; whether it came.
  bool StoppedWithin(absl::Duration pause) ABSL_LOCKS_EXCLUDED(mutex_);
  void TakeLeases(const v1::LeaseGroupsResponse& answer);
  void RenewLoop();
  // Moves the deadlines of what is held, and notes what is lost.
  void Renew();
  void GiveBack(const v1::Lease& lease, std::string_view reason, bool failed);
  void Forget(uint64_t lease_id);
  // Hands back what is held, or only what was not begun.
  void GiveBackHeld(std::string_view reason, bool waiting_only);
  void Fail(absl::Status why);

  // worker.cc
  // Until there is nothing to do any more, or no time.
  void WaitForTheEnd();
  // What handing back may take at the end.
  absl::Duration GiveBackTime() const;
  void EngineLoop();
  absl::Status Generate();  // EngineLoop's life: until stop_, or what ends the worker
  void SubmitLoop();
  absl::Status MaybeSwap();
  void DropBefore(uint32_t incarnation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool EvaluationRuns() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool EngineHasRoom(uint64_t responses) const;
  void AdmitWaiting();
  void CancelLost();
  void Step();

  bool Start(uint64_t lease_id, const v1::Lease& lease);
  void Submit(actor::FinishedGroup generated);

  uint64_t ResponsesHeld() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void UpdateGauges() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WorkerOptions options_;
  const WorkerParts parts_;
  const Submitter submitter_;

  mutable absl::Mutex mutex_;
  std::map<uint64_t, Held> held_ ABSL_GUARDED_BY(mutex_);               // by lease: served in lease order
  std::deque<actor::FinishedGroup> generated_ ABSL_GUARDED_BY(mutex_);  // bounded by held_
  std::vector<uint64_t> lost_ ABSL_GUARDED_BY(mutex_);  // no longer ours: the engine thread cancels them
  std::optional<model::WeightVersion> current_ ABSL_GUARDED_BY(mutex_);
  bool no_more_leases_ ABSL_GUARDED_BY(mutex_) = false;  // the run is over, or draining
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;  // threads end
  absl::Time drain_deadline_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace drover::actor_process
