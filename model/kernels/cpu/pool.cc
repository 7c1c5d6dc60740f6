#include "model/kernels/cpu/pool.h"

#include <sched.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>

#include "base/check.h"

namespace drover::model::cpu {
namespace {

constexpr int kLooks = 40;   // some 30 microseconds
constexpr int kPauses = 64;  // between two looks

constexpr size_t kLine = 64;             // of a cache
constexpr size_t kLinesAtATime = 4;      // fetched between two looks
constexpr size_t kFetched = 256 * 1024;  // bytes that a worker fetches ahead: part of a second cache

// Pool::state_: the generation above, then whether the loop is open, then the number of workers in it.
constexpr uint64_t kOpen = uint64_t{1} << 31;
constexpr uint64_t kWorkers = kOpen - 1;

uint64_t Opened(uint32_t generation) { return uint64_t{generation} << 32 | kOpen; }

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns when `value` is no longer `old`; calls idle() meanwhile.
template <typename Idle>
void WaitWhile(const std::atomic<uint32_t>& value, uint32_t old, Idle idle) {
  for (int look = 0; look < kLooks; ++look) {
    for (int i = 0; i < kPauses; ++i) {
      if (value.load(std::memory_order_acquire) != old) return;
      idle();
    }
    sched_yield();
  }
  value.wait(old, std::memory_order_acquire);
}

// What a worker fetches into its second cache while it waits.
class Ahead {
 public:
  explicit Ahead(size_t worker) : skipped_(worker * kFetched) {}

  // A few more lines of what is at `begin`; null: none.
  void Fetch(const char* begin) {
    if (begin != begin_) {
      begin_ = begin;
      fetched_ = 0;
    }
    if (begin == nullptr || fetched_ >= kFetched) return Pause();
    // By its number: there need not be memory at the address.
    const uintptr_t at = reinterpret_cast<uintptr_t>(begin) + skipped_ + fetched_;
    for (size_t line = 0; line < kLinesAtATime; ++line) {
      __builtin_prefetch(reinterpret_cast<const void*>(at + line * kLine), /*write=*/0, /*locality=*/2);
    }
    fetched_ += kLinesAtATime * kLine;
  }

 private:
  const size_t skipped_;
  const char* begin_ = nullptr;
  size_t fetched_ = 0;
};

std::unique_ptr<Pool>& TheComputePool() {
  static auto& pool = *new std::unique_ptr<Pool>(std::make_unique<Pool>(1));
  return pool;
}

}  // namespace

Pool::Pool(int threads) {
  DROVER_CHECK(threads >= 1);
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { Work(static_cast<size_t>(i - 1)); });
}

Pool::~Pool() {
  stop_.store(true);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Pool::Run(int64_t items, int64_t grain, absl::FunctionRef<void(int64_t begin, int64_t end)> work,
               const void* next) {
  if (items <= 0) return;
  grain = std::max<int64_t>(1, grain);
  std::unique_lock<std::mutex> running(running_, std::defer_lock);
  if (workers_.empty() || items <= grain || !running.try_lock()) return work(0, items);
  DROVER_CHECK(items + threads() * grain <= std::numeric_limits<uint32_t>::max());
  const Loop loop{items, grain, work};
  loop_ = &loop;
  taken_.store(0, std::memory_order_relaxed);
  if (next != nullptr) ahead_.store(static_cast<const char*>(next), std::memory_order_relaxed);
  const uint32_t generation = generation_.load(std::memory_order_relaxed) + 1;
  state_.store(Opened(generation), std::memory_order_release);
  generation_.store(generation, std::memory_order_release);
  generation_.notify_all();
  TakeParts(loop, From::kLast);
  state_.fetch_and(~kOpen, std::memory_order_acq_rel);
  while (true) {
    const uint32_t left = left_.load(std::memory_order_acquire);
    if ((state_.load(std::memory_order_acquire) & kWorkers) == 0) return;
    WaitWhile(left_, left, Pause);
  }
}

void Pool::TakeParts(const Loop& loop, From from) {
  const uint64_t part = static_cast<uint64_t>(loop.grain) << (from == From::kFirst ? 0 : 32);
  while (true) {
    const uint64_t taken = taken_.fetch_add(part, std::memory_order_relaxed);
    const auto first = static_cast<int64_t>(taken & 0xffffffff);
    const int64_t end = loop.items - static_cast<int64_t>(taken >> 32);
    if (first >= end) return;
    if (from == From::kFirst) {
      loop.work(first, std::min(first + loop.grain, end));
    } else {
      loop.work(std::max(end - loop.grain, first), end);
    }
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

void Pool::Work(size_t worker) {
  uint32_t seen = 0;
  Ahead ahead(worker);
  while (true) {
    WaitWhile(generation_, seen, [&] { ahead.Fetch(ahead_.load(std::memory_order_relaxed)); });
    seen = generation_.load(std::memory_order_acquire);
    if (stop_.load()) return;
    if (!Join(seen)) continue;
    TakeParts(*loop_, From::kFirst);
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
