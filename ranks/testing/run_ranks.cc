#include "ranks/testing/run_ranks.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace drover::ranks_testing {

void RunRanks(int size, absl::Duration timeout, const std::function<void(Collectives&)>& life,
              torch::Device device, RankEnd end) {
  std::promise<uint16_t> listening;
  std::shared_future<uint16_t> port = listening.get_future().share();
  std::vector<std::unique_ptr<Collectives>> ranks(size);
  std::vector<std::thread> threads;
  // A rank whose life is short must not be gone while another still joins: that would be an error of joining, not of life.
  std::latch joined(size);
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      at::set_num_threads(1);
      C10dOptions options;
      options.rank = rank;
      options.size = size;
      options.own_address = "127.0.0.1";
      options.timeout = timeout;
      options.device = device;
      if (rank == 0) {
        options.on_listening = [&](uint16_t number) { listening.set_value(number); };
      } else {
        options.port = port.get();
      }
      auto collectives = JoinC10d(options);
      joined.count_down();
      ASSERT_TRUE(collectives.ok()) << collectives.status().ToString();
      joined.wait();
      ranks[rank] = *std::move(collectives);
      life(*ranks[rank]);
      if (end == RankEnd::kAlone) ranks[rank].reset();
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (!ranks.empty()) ranks.pop_back();  // rank 0, whose store serves the others, last
}

}  // namespace drover::ranks_testing
