#include "learner/shard_plan.h"

#include <gtest/gtest.h>

#include <ostream>

#include "base/random.h"

namespace drover::learner {

std::ostream& operator<<(std::ostream& out, const ShardPiece& piece) {
  return out << piece.parameter << ":[" << piece.begin << "," << piece.begin + piece.elements << ")";
}

namespace {

using Pieces = std::vector<ShardPiece>;

TEST(ShardPlan, OneRankOwnsEveryParameterWhole) {
  const ShardPlan plan({12, 8, 24}, /*ranks=*/1);
  EXPECT_EQ(plan.run_elements(), 44);
  EXPECT_EQ(plan.Pieces(0), (Pieces{{0, 0, 12}, {1, 0, 8}, {2, 0, 24}}));
}

TEST(ShardPlan, CutsThroughParameters) {
  const ShardPlan plan({12, 8, 24}, /*ranks=*/3);
  EXPECT_EQ(plan.run_elements(), 15);
  EXPECT_EQ(plan.Pieces(0), (Pieces{{0, 0, 12}, {1, 0, 3}}));
  EXPECT_EQ(plan.Pieces(1), (Pieces{{1, 3, 5}, {2, 0, 10}}));
  EXPECT_EQ(plan.Pieces(2), (Pieces{{2, 10, 14}}));  // and one element of padding
}

TEST(ShardPlan, RanksMayOwnNothing) {
  const ShardPlan plan({3, 2}, /*ranks=*/4);
  EXPECT_EQ(plan.run_elements(), 2);
  EXPECT_EQ(plan.Pieces(0), (Pieces{{0, 0, 2}}));
  EXPECT_EQ(plan.Pieces(1), (Pieces{{0, 2, 1}, {1, 0, 1}}));
  EXPECT_EQ(plan.Pieces(2), (Pieces{{1, 1, 1}}));
  EXPECT_EQ(plan.Pieces(3), Pieces());
  EXPECT_EQ(ShardPlan({}, 2).Pieces(1), Pieces());
}

// For any shapes and any number of ranks the pieces, rank after rank, are the flat vector: nothing is owned twice,
// nothing by nobody, and no rank owns more than a run.
TEST(ShardPlan, OwnsEveryElementOnceInAnyWorld) {
  RandomStream random(5, RandomPurpose::kQuestions, 0);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<int64_t> sizes(random.Below(9));
    for (int64_t& size : sizes) size = 1 + static_cast<int64_t>(random.Below(40));
    const ShardPlan plan(sizes, 1 + static_cast<int>(random.Below(17)));
    size_t parameter = 0;
    int64_t next = 0;
    for (int rank = 0; rank < plan.ranks(); ++rank) {
      int64_t owned = 0;
      for (const ShardPiece& piece : plan.Pieces(rank)) {
        ASSERT_EQ(piece.parameter, parameter);
        ASSERT_EQ(piece.begin, next);
        ASSERT_GT(piece.elements, 0);
        owned += piece.elements;
        next += piece.elements;
        if (next < sizes[parameter]) continue;
        ASSERT_EQ(next, sizes[parameter]);
        ++parameter;
        next = 0;
      }
      ASSERT_LE(owned, plan.run_elements());
    }
    ASSERT_EQ(parameter, sizes.size());
  }
}

}  // namespace
}  // namespace drover::learner
