// Collectives that go on while a rank computes: one thread makes them, in the order in which they were posted, which is the
// same on every rank.
//
//   computing thread   post A ─▶ compute ─▶ post B ─▶ compute ─▶ wait for A ─▶ read what A brought
//   the queue's                  A ─ ─ ─ ─ ─ ─ ─▶ B ─ ─ ─ ─ ▶
//
// On a GPU the queue's thread has a stream of its own (side_stream.h): an exchange there is behind what the computing thread's
// stream had been asked for when it was posted, and what that stream is asked for behind a wait is behind the exchange.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "learner/side_stream.h"

namespace drover::learner {

// Who posts is one thread, and while something is posted and not waited for it leaves the collectives alone. What an exchange
// reads and writes is left alone, too, until it is waited for; what a posted function holds is let go then. How much is in flight
// is for who posts to bound.
class ExchangeQueue {
 public:
  // Of tensors on `device`. With `threaded` false an exchange is made by who posts it, at once.
  explicit ExchangeQueue(bool threaded, torch::Device device = torch::kCPU);
  ~ExchangeQueue();  // behind what is posted
  ExchangeQueue(const ExchangeQueue&) = delete;
  ExchangeQueue& operator=(const ExchangeQueue&) = delete;

  // Posts `exchange`, which is made without gradients; returns its number. After an exchange that failed none is made.
  uint64_t Post(std::function<absl::Status()> exchange);
  // Returns when exchange `number` and all before it are made, or not made after a failure: the first one. On a GPU its work may
  // still go on then, in front of what the calling thread asks for next.
  absl::Status Wait(uint64_t number);
  absl::Status WaitForAll();

 private:
  struct Exchange {
    std::function<absl::Status()> make;
    SideStream::Moment ready;  // what it reads is there
    SideStream::Moment made;
  };

  void Work();
  absl::Status Make(const std::function<absl::Status()>& make);
  void Keep(Exchange exchange, const absl::Status& status);

  const SideStream side_;
  absl::Mutex mutex_;
  std::deque<Exchange> posted_ ABSL_GUARDED_BY(mutex_);
  std::deque<Exchange> kept_ ABSL_GUARDED_BY(mutex_);  // made, and not yet waited for
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;          // number of the last one that was posted ...
  uint64_t made_ ABSL_GUARDED_BY(mutex_) = 0;          // ... that was made ...
  uint64_t awaited_ ABSL_GUARDED_BY(mutex_) = 0;       // ... and that was waited for
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace drover::learner
