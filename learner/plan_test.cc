#include "learner/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace drover::learner {
namespace {

using testing::ElementsAre;

std::multiset<int64_t> All(const std::vector<std::vector<int64_t>>& parts) {
  std::multiset<int64_t> all;
  for (const auto& part : parts) all.insert(part.begin(), part.end());
  return all;
}

TEST(PlanSteps, EachEpochHoldsEachResponseOnce) {
  PlanOptions options;
  options.seed = 1;
  options.minibatch_responses = 4;
  options.epochs = 3;
  const auto steps = PlanSteps(10, 7, options);
  ASSERT_EQ(steps.size(), 9u);
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(steps[3 * epoch].size(), 4u);
    EXPECT_EQ(steps[3 * epoch + 2].size(), 2u);
    const auto all = All({steps[3 * epoch], steps[3 * epoch + 1], steps[3 * epoch + 2]});
    EXPECT_EQ(all.size(), 10u);
    EXPECT_EQ(std::set<int64_t>(all.begin(), all.end()).size(), 10u);
  }
  EXPECT_NE(steps[0], steps[3]);
}

// Of docs/reference/algorithm.md and random-numbers.md: the permutation of stream 1024 * rollout + epoch, cut.
TEST(PlanSteps, IsThatOfTheReference) {
  PlanOptions options;
  options.seed = 1;
  options.minibatch_responses = 4;
  EXPECT_THAT(PlanSteps(10, /*rollout=*/0, options),
              ElementsAre(ElementsAre(6, 9, 2, 3), ElementsAre(1, 7, 4, 5), ElementsAre(0, 8)));
  options.epochs = 3;
  EXPECT_THAT(PlanSteps(10, /*rollout=*/7, options)[8], ElementsAre(9, 6));
}

TEST(PlanSteps, FollowsFromSeedAndRollout) {
  PlanOptions options;
  options.seed = 1;
  options.minibatch_responses = 64;
  const auto plan = PlanSteps(256, 7, options);
  EXPECT_EQ(plan, PlanSteps(256, 7, options));
  EXPECT_NE(plan, PlanSteps(256, 8, options));
  options.seed = 2;
  EXPECT_NE(plan, PlanSteps(256, 7, options));
}

TEST(PlanSteps, MixesResponsesOfAllGroups) {
  PlanOptions options;
  options.minibatch_responses = 64;
  // Single responses are shuffled: a step of 64 out of 256 holds some of nearly each block of 8.
  std::set<int64_t> blocks;
  const auto steps = PlanSteps(256, 0, options);
  for (int64_t r : steps[0]) blocks.insert(r / 8);
  EXPECT_GT(blocks.size(), 24u);
}

TEST(RankShare, DealsEveryResponseOnceAndEvenly) {
  const std::vector<int64_t> lengths = {5, 50, 20, 20, 7, 90, 1};
  const std::vector<int64_t> minibatch = {0, 1, 2, 3, 4, 5, 6};
  EXPECT_THAT(RankShare(minibatch, lengths, 0, 2), ElementsAre(5, 3, 4));
  EXPECT_THAT(RankShare(minibatch, lengths, 1, 2), ElementsAre(1, 2, 0, 6));
  EXPECT_THAT(RankShare(minibatch, lengths, 0, 1), ElementsAre(5, 1, 2, 3, 4, 0, 6));
  EXPECT_TRUE(RankShare({2}, lengths, 1, 2).empty());
}

// Of lengths 1, 4, 9, ... the first of eight ranks had 8 % more than the mean when each round began with it.
TEST(RankShare, NoRankHasMuchMoreThanTheOthers) {
  std::vector<int64_t> lengths, minibatch;
  int64_t all = 0;
  for (int64_t i = 0; i < 128; ++i) {
    minibatch.push_back(i);
    lengths.push_back((i + 1) * (i + 1));
    all += lengths.back();
  }
  std::set<int64_t> dealt;
  for (int rank = 0; rank < 8; ++rank) {
    const std::vector<int64_t> share = RankShare(minibatch, lengths, rank, 8);
    EXPECT_EQ(share.size(), 16u);
    int64_t tokens = 0;
    for (const int64_t response : share) tokens += lengths[response];
    EXPECT_LT(static_cast<double>(tokens), 1.01 * static_cast<double>(all) / 8) << rank;
    dealt.insert(share.begin(), share.end());
  }
  EXPECT_EQ(dealt.size(), 128u);
}

TEST(CutMicrobatches, PutsSimilarLengthsTogether) {
  const std::vector<int64_t> lengths = {5, 50, 20, 20, 7};
  const auto cut = CutMicrobatches({0, 1, 2, 3, 4}, lengths, 2);
  EXPECT_THAT(cut, ElementsAre(ElementsAre(1, 2), ElementsAre(3, 4), ElementsAre(0)));
  EXPECT_TRUE(CutMicrobatches({}, lengths, 2).empty());
}

TEST(CutByTokens, FillsEachPieceAndTakesALongOneAlone) {
  const std::vector<int64_t> lengths = {5, 50, 20, 20, 7, 8};
  EXPECT_THAT(CutByTokens({0, 1, 2, 3, 4, 5}, lengths, 40),
              ElementsAre(ElementsAre(1), ElementsAre(2, 3), ElementsAre(5, 4, 0)));
  EXPECT_THAT(CutByTokens({0, 1, 2, 3, 4, 5}, lengths, 20),
              ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(3), ElementsAre(5, 4, 0)));
  EXPECT_THAT(CutByTokens({0, 4}, lengths, 1), ElementsAre(ElementsAre(4), ElementsAre(0)));
  EXPECT_TRUE(CutByTokens({}, lengths, 40).empty());
}

}  // namespace
}  // namespace drover::learner
