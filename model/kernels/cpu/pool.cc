#include "model/kernels/cpu/pool.h"

#include <sched.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace drover::model::cpu {
namespace {

constexpr int kLooks = 40;   // some 30 microseconds
constexpr int kPauses = 64;  // between two looks

// Pool::state_: the generation above, then whether the loop is open, then the number of workers in it.
constexpr uint64_t kOpen = uint64_t{1} << 31;
constexpr uint64_t kWorkers = kOpen - 1;

uint64_t Opened(uint32_t generation) { return uint64_t{generation} << 32 | kOpen; }

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns when `value` is no longer `old`.
void WaitWhile(const std::atomic<uint32_t>& value, uint32_t old) {
  for (int look = 0; look < kLooks; ++look) {
    for (int i = 0; i < kPauses; ++i) {
      if (value.load(std::memory_order_acquire) != old) return;
      Pause();
    }
    sched_yield();
  }
  value.wait(old, std::memory_order_acquire);
}

std::unique_ptr<Pool>& TheComputePool() {
  static auto& pool = *new std::unique_ptr<Pool>(std::make_unique<Pool>(1));
  return pool;
}

}  // namespace

Pool::Pool(int threads) {
  DROVER_CHECK(threads >= 1);
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
}

Pool::~Pool() {
  stop_.store(true);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Pool::Run(int64_t items, int64_t grain, absl::FunctionRef<void(int64_t begin, int64_t end)> work) {
  if (items <= 0) return;
  grain = std::max<int64_t>(1, grain);
  std::unique_lock<std::mutex> running(running_, std::defer_lock);
  if (workers_.empty() || items <= grain || !running.try_lock()) return work(0, items);
  const Loop loop{items, grain, work};
  loop_ = &loop;
  next_.store(0, std::memory_order_relaxed);
  const uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
  state_.store(Opened(generation), std::memory_order_release);
  generation_.store(generation, std::memory_order_release);
  generation_.notify_all();
  TakeParts(loop);
  state_.fetch_and(~kOpen, std::memory_order_acq_rel);
  while (true) {
    const uint32_t left = left_.load(std::memory_order_acquire);
    if ((state_.load(std::memory_order_acquire) & kWorkers) == 0) return;
    WaitWhile(left_, left);
  }
}

void Pool::TakeParts(const Loop& loop) {
  while (true) {
    const int64_t begin = next_.fetch_add(loop.grain, std::memory_order_relaxed);
    if (begin >= loop.items) return;
    loop.work(begin, std::min(begin + loop.grain, loop.items));
  }
}

// Counts the calling worker in; false where the loop is closed or another one.
bool Pool::Join(uint32_t generation) {
  uint64_t state = state_.load(std::memory_order_acquire);
  while ((state & kOpen) != 0 && state >> 32 == generation) {
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel)) return true;
  }
  return false;
}

void Pool::Work() {
  uint32_t seen = 0;
  while (true) {
    WaitWhile(generation_, seen);
    seen = generation_.load(std::memory_order_acquire);
    if (stop_.load()) return;
    if (!Join(seen)) continue;
    TakeParts(*loop_);
    state_.fetch_sub(1, std::memory_order_acq_rel);
    left_.fetch_add(1, std::memory_order_release);
    left_.notify_one();
  }
}

Pool& ComputePool() { return *TheComputePool(); }

void SetThreads(int threads) {
  if (ComputePool().threads() != threads) TheComputePool() = std::make_unique<Pool>(threads);
}

}  // namespace drover::model::cpu
