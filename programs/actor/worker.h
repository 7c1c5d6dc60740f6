// An actor: leases groups, generates, has them graded, submits them.
//
//   lease loop   ── leases ───▶ ┌───────┐ ─── tasks ──▶ engine loop
//   renew loop   ◀─ due, lost ─▶│ lease │ ◀── groups ──
//   return loop  ◀─ leases ──── │ table │ ─── groups ─▶ submit loops ──▶ verifier, learner
//   weights loop ── versions ─▶ └───────┘ ◀── answers ─
//
// What is held, and what is to be done when, is the lease table's to say (lease_table.h). A loop waits until the table has
// something for it, does that without the lock, and tells the table how it went; each change of the table wakes whoever
// waits for it.
//
// | loop    | consumes            | waits for                          | unblocked by                                 |
// | ------- | ------------------- | ---------------------------------- | -------------------------------------------- |
// | lease   | leases (long poll)  | room: responses held below a limit | a lease's end                                |
// | weights | versions            | one newer than the last            | the stream                                   |
// | fetch   | an older version    | an evaluation of one that is not   | a lease; the learner's answer                |
// |         |                     | here                               |                                              |
// | engine  | the table's tasks   | the next one                       | a lease, weights, a lost lease, the end      |
// | submit  | generated groups    | one                                | the engine                                   |
// | renew   | -                   | a third of a lease's time          | the clock                                    |
// | return  | leases to hand back | one                                | a failure, a drain, the end                  |
// | Run()   | -                   | nothing held and nothing to come   | a lease's end, EndTime()                     |
//
// Then Run() stops the table, with which every loop ends but the return loop: that has HandBackTime() more.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "actor/generator.h"
#include "base/heartbeat.h"
#include "programs/actor/lease_table.h"
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
  // For the verifiers to come back; the lease is renewed meanwhile.
  absl::Duration grade_timeout = absl::Minutes(10);
  // From Drain() to the end of Run(), handing back included.
  absl::Duration drain_timeout = absl::Seconds(15);
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
  // worker_leases.cc: what is said to the learner.
  void LeaseLoop();
  // Asks for leases once; whether the learner answered.
  bool AskForLeases(uint32_t groups);
  void RenewLoop();
  void Renew(const v1::RenewLeasesRequest& request);
  void ReturnLoop();
  void Return(const v1::ReturnLeasesRequest& request);
  void SubmitLoop();

  // worker_weights.cc
  void WeightsLoop();
  void FetchLoop();
  // Asks for it once; leases that need it go back where it cannot be had.
  void Fetch(const model::WeightVersion& version);
  absl::Status Swap();

  // worker.cc
  void AwaitEnd();
  // Until all that goes back is back, or HandBackTime() is over.
  void AwaitReturns();
  void EngineLoop();
  absl::Status Generate();  // EngineLoop's life: until the end, or what ends the worker
  // The table's next task: kWait when there was none for some time.
  LeaseTable::Task AwaitTask(const EngineLoad& load, Heartbeats::Pulse& pulse);
  void CancelGroups();
  void Start(const EngineLoad& load);
  void Step();
  void ShowCounts(const actor::GeneratorCounts& counts);

  // Waits for the table's stop, up to `pause`; whether it came.
  bool StoppedWithin(absl::Duration pause);
  // `event(table)` under the lock: who waits for the change is woken, and metrics say what the table says.
  template <typename Event>
  void Tell(Event event) ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    event(table_);
    Publish();
  }
  void Fail(absl::Status why);
  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WorkerOptions options_;
  const WorkerParts parts_;
  const Submitter submitter_;
  std::string base_digest_;  // of the base that the generator has; the engine loop's

  mutable absl::Mutex mutex_;
  LeaseTable table_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const weights::Received> newest_ ABSL_GUARDED_BY(mutex_);  // what the table was told of
  std::shared_ptr<const weights::Received> kept_ ABSL_GUARDED_BY(mutex_);    // the table's kept()
  bool returning_ ABSL_GUARDED_BY(mutex_) = false;   // a call of the return loop is under way
  bool no_returns_ ABSL_GUARDED_BY(mutex_) = false;  // the return loop ends
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace drover::actor_process
