// Collectives that go on while a rank computes: one thread makes them, in the order in which they were posted, which is the
// same on every rank.
//
//   computing thread   post A ─▶ compute ─▶ post B ─▶ compute ─▶ wait for A ─▶ read what A brought
//   the queue's                  A ─ ─ ─ ─ ─ ─ ─▶ B ─ ─ ─ ─ ▶
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace drover::learner {

// Who posts is one thread, and while something is posted and not waited for it leaves the collectives alone. What an exchange
// reads and writes is left alone, too, until it is waited for. How much is in flight is for who posts to bound.
class ExchangeQueue {
 public:
  // With `threaded` false an exchange is made by who posts it, at once.
  explicit ExchangeQueue(bool threaded);
  ~ExchangeQueue();  // behind what is posted
  ExchangeQueue(const ExchangeQueue&) = delete;
  ExchangeQueue& operator=(const ExchangeQueue&) = delete;

  // Posts `exchange`, which is made without gradients; returns its number. After an exchange that failed none is made.
  uint64_t Post(std::function<absl::Status()> exchange);
  // Returns when exchange `number` and all before it are made, or not made after a failure: the first one.
  absl::Status Wait(uint64_t number);
  absl::Status WaitForAll();

 private:
  void Work();
  void Make(const std::function<absl::Status()>& exchange);

  absl::Mutex mutex_;
  std::deque<std::function<absl::Status()>> posted_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;  // number of the last one that was posted ...
  uint64_t made_ ABSL_GUARDED_BY(mutex_) = 0;  // ... and of the last one that was made
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace drover::learner
