// The loop that serves: requests in, the generator's steps, answers out.
//
//   HTTP threads --Submit--> inbox --> LiveRequests --groups--> Generator
//                  (bounded)                ^                      | a Step
//                                           '---- progress, ends --'
//
// | loop      | consumes | waits for                                    | unblocked by               |
// | --------- | -------- | -------------------------------------------- | -------------------------- |
// | Run       | inbox    | nothing while groups run; else the inbox, or | Submit, Drain, Cut, 20 ms  |
// |           |          | slow readers of streams that have ended      |                            |
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "actor/generator.h"
#include "base/heartbeat.h"
#include "model/tokenizer.h"
#include "programs/model/serve/live_request.h"
#include "services/metrics/serve_metrics.h"

namespace drover::serve {

struct LoopOptions {
  size_t max_requests = 256;                    // that wait, run or are being sent; beyond it 429
  absl::Duration deadline = absl::Minutes(10);  // of a request, from its arrival; beyond it 504
};

// Whatever it is made with must outlive it.
class Loop {
 public:
  Loop(const LoopOptions& options, actor::Generator* generator, const model::Tokenizer* tokenizer,
       metrics::ServeMetrics* metrics, Heartbeats* heartbeats);

  // Answers it, sooner or later; at once where there are too many already, and after Drain. Thread-safe.
  void Submit(AcceptedRequest request);

  // Nothing new from now on; Run ends with the last request. Thread-safe.
  void Drain();
  // What is left fails with 503. Thread-safe.
  void Cut();

  // In a thread of its own, once. Returns after Drain; whatever the generator throws goes through.
  void Run();

 private:
  using Live = std::map<uint64_t, std::unique_ptr<LiveRequest>>;  // by the id of its first group
  bool Wait();
  void Begin(AcceptedRequest request);
  void Weed();
  void Step();
  void Pump();
  void Bury();
  void Count(const LiveRequest& request);
  void Withdraw(const LiveRequest& request);
  void ShowCounts();

  const LoopOptions options_;
  actor::Generator& generator_;
  const model::Tokenizer& tokenizer_;
  metrics::ServeMetrics& metrics_;
  Heartbeats* const heartbeats_;
  Live live_;
  std::map<uint64_t, LiveRequest*> owners_;  // of groups in the generator
  uint64_t next_id_ = 1;

  absl::Mutex mutex_;
  std::deque<AcceptedRequest> inbox_ ABSL_GUARDED_BY(mutex_);
  size_t requests_ ABSL_GUARDED_BY(mutex_) = 0;  // in the inbox and live
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace drover::serve
