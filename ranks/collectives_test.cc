#include "ranks/collectives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "ranks/shared_gpus.h"
#include "ranks/testing/run_ranks.h"

namespace drover {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(MostRanksOnOneGpuTest, CountsRanksByWhatTheySayOfTheirGpu) {
  const auto most = [](std::vector<std::string> gpus) {
    int counted = 0;
    ranks_testing::RunRanks(static_cast<int>(gpus.size()), absl::Seconds(30), [&](Collectives& ranks) {
      EXPECT_TRUE(ranks.Tell(GpuWord(ranks.rank()), gpus[static_cast<size_t>(ranks.rank())]).ok());
      EXPECT_TRUE(ranks.Barrier().ok());
      const auto found = MostRanksOnOneGpu(ranks);
      ASSERT_TRUE(found.ok()) << found.status();
      if (ranks.rank() == 0) counted = *found;
      EXPECT_TRUE(ranks.Barrier().ok());
    });
    return counted;
  };
  EXPECT_EQ(most({"a", "b", "c"}), 1);
  EXPECT_EQ(most({"a", "b", "b"}), 2)
      << "rank 0 has a GPU of its own, and the others run out of memory first";
  EXPECT_EQ(most({"a", "a", "a"}), 3);
  EXPECT_EQ(MostRanksOnOneGpu(*LocalCollectives()).value(), 1);
}

// Rank 1 ends and comes back while rank 0 still is that of the first start.
TEST(JoinTest, ARankThatComesBackIsToldSoAtOnce) {
  std::promise<uint16_t> listening;
  C10dOptions zero;
  zero.size = 2;
  zero.own_address = "127.0.0.1";
  zero.join_timeout = absl::Seconds(30);
  C10dOptions one = zero;
  one.rank = 1;
  zero.on_listening = [&](uint16_t port) { listening.set_value(port); };
  std::unique_ptr<Collectives> first;
  std::thread rank_zero([&] { first = JoinC10d(zero).value(); });
  one.port = listening.get_future().get();
  auto lost = JoinC10d(one);
  EXPECT_TRUE(lost.ok()) << lost.status();
  rank_zero.join();  // it is not gone while rank 0 still joins
  lost->reset();
  const absl::Time begun = absl::Now();
  const absl::Status again = JoinC10d(one).status();
  EXPECT_EQ(again.code(), absl::StatusCode::kAborted) << again;
  EXPECT_THAT(std::string(again.message()),
              AllOf(HasSubstr("rank 1 was in this group before"), HasSubstr("must be started again, too")));
  EXPECT_LT(absl::Now() - begun, absl::Seconds(20)) << "and does not wait for what will not come";
}

}  // namespace
}  // namespace drover
