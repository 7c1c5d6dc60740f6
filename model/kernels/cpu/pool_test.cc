#include "model/kernels/cpu/pool.h"

#include <gtest/gtest.h>

#include <atomic>
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
