#include "learner/shard_plan.h"

#include <gtest/gtest.h>

#include <ostream>

#include "base/random.h"

namespace drover::learner {

std::ostream& operator<<(std::ostream& out, const ShardPiece& piece) {
  return out << piece.parameter << ":[" << piece.begin << "," << piece.begin + piece.elements << ")@"
             << piece.place;
}

namespace {

using Pieces = std::vector<ShardPiece>;

TEST(ShardPlan, OneRankOwnsEveryParameterWhole) {
  const ShardPlan plan({12, 8, 24}, /*ranks=*/1);
  EXPECT_EQ(plan.run_elements(), 44);
  EXPECT_EQ(plan.Pieces(0), (Pieces{{0, 0, 12, 0}, {1, 0, 8, 12}, {2, 0, 24, 20}}));
}

TEST(ShardPlan, CutsThroughParameters) {
  const ShardPlan plan({12, 8, 24}, /*ranks=*/3);
  EXPECT_EQ(plan.run_elements(), 15);
  EXPECT_EQ(plan.Pieces(0), (Pieces{{0, 0, 12, 0}, {1, 0, 3, 12}}));
  EXPECT_EQ(plan.Pieces(1), (Pieces{{1, 3, 5, 0}, {2, 0, 10, 5}}));
  EXPECT_EQ(plan.Pieces(2), (Pieces{{2, 10, 14, 0}}));  // and one element of padding
}

TEST(ShardPlan, RanksMayOwnNothing) {
  const ShardPlan plan({3, 2}, /*ranks=*/4);
  EXPECT_EQ(plan.run_elements(), 2);
  EXPECT_EQ(plan.Pieces(0), (Pieces{{0, 0, 2, 0}}));
  EXPECT_EQ(plan.Pieces(1), (Pieces{{0, 2, 1, 0}, {1, 0, 1, 1}}));
  EXPECT_EQ(plan.Pieces(2), (Pieces{{1, 1, 1, 0}}));
  EXPECT_EQ(plan.Pieces(3), Pieces());
  EXPECT_EQ(ShardPlan({}, 2).Pieces(1), Pieces());
}

// Each bucket is cut by itself: 12 and 8 into runs of 10, 5 into runs of 3.
TEST(ShardPlan, BucketsAreCutEachByItself) {
  const ShardPlan plan({12, 8, 5}, {2, 1}, /*ranks=*/2);
  ASSERT_EQ(plan.buckets().size(), 2u);
  EXPECT_EQ(plan.buckets()[1].first, 2u);
  EXPECT_EQ(plan.buckets()[1].begin, 20);
  EXPECT_EQ(plan.buckets()[1].run_elements, 3);
  EXPECT_EQ(plan.Offset(1), 12);
  EXPECT_EQ(plan.Offset(2), 20);
  EXPECT_EQ(plan.run_elements(), 13);
  EXPECT_EQ(plan.flat_elements(), 26);
  EXPECT_EQ(plan.Pieces(0), (Pieces{{0, 0, 10, 0}, {2, 0, 3, 10}}));
  EXPECT_EQ(plan.Pieces(1), (Pieces{{0, 10, 2, 0}, {1, 0, 8, 2}, {2, 3, 2, 10}}));
}

// As below, with random buckets: each element has one owner, and one place there.
TEST(ShardPlan, OwnsEveryElementOnceInAnyBuckets) {
  RandomStream random(6, RandomPurpose::kQuestions, 0);
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<size_t> buckets(random.Below(5));
    std::vector<std::vector<int>> owners;
    std::vector<int64_t> sizes;
    for (size_t& parameters : buckets) {
      parameters = 1 + random.Below(4);
      for (size_t i = 0; i < parameters; ++i) {
        sizes.push_back(1 + static_cast<int64_t>(random.Below(40)));
        owners.emplace_back(sizes.back(), 0);
      }
    }
    const ShardPlan plan(sizes, buckets, 1 + static_cast<int>(random.Below(9)));
    for (int rank = 0; rank < plan.ranks(); ++rank) {
      std::vector<int> places(plan.run_elements(), 0);
      for (const ShardPiece& piece : plan.Pieces(rank)) {
        for (int64_t i = 0; i < piece.elements; ++i) {
          ++owners[piece.parameter].at(piece.begin + i);
          EXPECT_EQ(++places.at(piece.place + i), 1);
        }
      }
    }
    for (const std::vector<int>& each : owners) EXPECT_EQ(each, std::vector<int>(each.size(), 1));
  }
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
