#include "model/kernels/cpu/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace drover::model::cpu {
namespace {

TEST(Pool, EveryItemIsTakenOnce) {
  for (const int threads : {1, 2, 5}) {
    Pool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int64_t items : {0, 1, 7, 1000}) {
      for (int64_t grain : {1, 3, 2000}) {
        std::vector<std::atomic<int>> taken(static_cast<size_t>(items));
        pool.Run(items, grain, [&](int64_t begin, int64_t end) {
          EXPECT_LE(end - begin, std::max(grain, items));
          for (int64_t i = begin; i < end; ++i) taken[i].fetch_add(1);
        });
        for (int64_t i = 0; i < items; ++i) EXPECT_EQ(taken[i].load(), 1) << i;
      }
    }
  }
}

// Workers fetch what comes next from the beginning on, and so are the ones to read it from there.
TEST(Pool, TheCallerTakesFromTheLastOn) {
  Pool pool(2);
  const std::thread::id caller = std::this_thread::get_id();
  int64_t shared = 0;
  for (int64_t round = 0; round < 1000; ++round) {
    std::vector<std::thread::id> by(100);
    pool.Run(100, 3, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) by[i] = std::this_thread::get_id();
    });
    const auto first_of_caller = std::find(by.begin(), by.end(), caller);
    EXPECT_EQ(std::count(first_of_caller, by.end(), caller), by.end() - first_of_caller);
    if (first_of_caller != by.begin() && first_of_caller != by.end()) ++shared;
  }
  RecordProperty("shared_loops", static_cast<int>(shared));  // none where there is one core
}

// There may be no memory where the next loop was said to read.
TEST(Pool, NextMayBeAnyAddress) {
  Pool pool(3);
  std::atomic<int64_t> done{0};
  for (const uintptr_t next : {uintptr_t{1}, uintptr_t{1} << 46, ~uintptr_t{0} - 100}) {
    for (int round = 0; round < 50; ++round) {
      pool.Run(
          10, 1, [&](int64_t begin, int64_t end) { done.fetch_add(end - begin); },
          reinterpret_cast<const void*>(next));
      std::this_thread::sleep_for(std::chrono::microseconds(20));  // time to fetch in
    }
  }
  EXPECT_EQ(done.load(), 3 * 50 * 10);
}

// What a loop wrote is there when Run returns, however the threads woke up.
TEST(Pool, ManyShortLoops) {
  Pool pool(4);
  std::vector<int64_t> sums(64);
  for (int64_t round = 0; round < 2000; ++round) {
    pool.Run(64, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) sums[i] += i;
    });
  }
  for (int64_t i = 0; i < 64; ++i) EXPECT_EQ(sums[i], 2000 * i);
}

TEST(Pool, CallersAtOnceAllGetTheirWorkDone) {
  Pool pool(3);
  std::vector<std::thread> callers;
  std::atomic<int64_t> done{0};
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        pool.Run(10, 1, [&](int64_t begin, int64_t end) { done.fetch_add(end - begin); });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done.load(), 4 * 200 * 10);
}

}  // namespace
}  // namespace drover::model::cpu
