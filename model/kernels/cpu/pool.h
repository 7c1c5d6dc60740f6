// The threads that compute: they share out the parts of one loop at a time, and park in between.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace drover::model::cpu {

// A thread that waits looks again for some microseconds, giving its core to whoever else wants it, and then sleeps: a
// loop that follows at once finds it awake, and other processes find their cores free. A thread that is not there when
// the others are through with a loop has missed it: nobody waits for one that has no core.
class Pool {
 public:
  // `threads` that compute, the caller of Run among them; at least 1.
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls work(begin, end) for parts that together are [0, items), each once, on any of the threads: parts of at most
  // `grain`, handed out as threads become free, or all of it at once where the caller is alone. Returns when all are done. `work` does not throw and does not call Run.
  // `next`: where the memory begins that a loop soon reads, as far as one can tell; null: what was said before still holds.
  // Workers fetch it into their caches while they wait, and so take parts from the first on, where the caller takes them
  // from the last on. It may be any address: nothing is read of it.
  // Thread-safe: a caller that finds the pool at work does all parts itself. Less than 2^32 items and a grain for each thread.
  void Run(int64_t items, int64_t grain, absl::FunctionRef<void(int64_t begin, int64_t end)> work,
           const void* next = nullptr);

 private:
  struct Loop {
    int64_t items, grain;
    absl::FunctionRef<void(int64_t, int64_t)> work;
  };
  enum class From : uint8_t { kFirst, kLast };
  void Work(size_t worker);
  bool Join(uint32_t generation);
  void TakeParts(const Loop& loop, From from);

  // Who is in the loop: its generation, whether it still takes threads, and how many workers are in it.
  //
  //   Run     opens it (generation + 1, open, 0 workers), takes parts, closes it, waits until no worker is in it
  //   a worker that finds it open counts itself in, takes parts, and counts itself out
  std::mutex running_;              // held by the caller whose loop the workers share
  const Loop* loop_ = nullptr;      // written before the loop is opened; good while a worker is counted in
  std::atomic<uint64_t> taken_{0};  // items from the last on, and in the lower half from the first on
  std::atomic<const char*> ahead_{nullptr};  // Run's `next`
  std::atomic<uint64_t> state_{0};
  std::atomic<uint32_t> generation_{0};  // of the newest loop: what workers wait for
  std::atomic<uint32_t> left_{0};        // counted up by workers that leave: what Run waits for
  std::atomic<bool> stop_{false};
  std::vector<std::thread> workers_;
};

// The process's pool: one thread until SetThreads.
Pool& ComputePool();

// 1 to 1024. Not while another thread computes.
void SetThreads(int threads);

}  // namespace drover::model::cpu
