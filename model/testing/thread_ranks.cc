#include "model/testing/thread_ranks.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <barrier>
#include <thread>
#include <vector>

#include "base/check.h"

namespace drover::model::testing {
namespace {

// What all ranks of a group see: between two barriers each reads what the others have shown.
struct Table {
  explicit Table(int ranks) : shown(ranks), barrier(ranks) {}
  std::vector<torch::Tensor> shown;
  std::barrier<> barrier;
};

class ThreadRank : public RankGroup {
 public:
  ThreadRank(RankShare share, Table* table) : share_(share), table_(*table) {}

  RankShare share() const override { return share_; }
  void Gather(const torch::Tensor& runs) override {
    DROVER_CHECK(runs.is_contiguous() && runs.size(0) == share_.ranks);
    table_.shown[share_.rank] = runs;
    table_.barrier.arrive_and_wait();
    for (int rank = 0; rank < share_.ranks; ++rank) {
      if (rank != share_.rank) runs.select(0, rank).copy_(table_.shown[rank].select(0, rank));
    }
    table_.barrier.arrive_and_wait();
  }

 private:
  const RankShare share_;
  Table& table_;
};

}  // namespace

void RunThreadRanks(int ranks, const std::function<void(RankGroup&)>& life) {
  Table table(ranks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      at::set_num_threads(1);
      ThreadRank group({rank, ranks}, &table);
      life(group);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace drover::model::testing
