#include "services/run/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::run {
namespace {

using testing::ElementsAre;

const std::vector<uint64_t> kSteps = {0, 20, 40, 60, 80, 100};

TEST(Retain, TheNewestStay) {
  const Retained retained = Retain({.newest = 2}, kSteps, {{0, 1.0}});
  EXPECT_THAT(retained.steps, ElementsAre(80, 100));
  EXPECT_EQ(retained.oldest_newest, 80u);
  EXPECT_THAT(Retain({.newest = 9}, kSteps, {}).steps, ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_EQ(Retain({.newest = 9}, kSteps, {}).oldest_newest, 0u);
}

TEST(Retain, TheBestAreOfThoseThatWereEvaluated) {
  const std::map<uint64_t, double> scores = {{0, 0.1}, {40, 0.6}, {80, 0.5}, {90, 0.9}};  // 90: no checkpoint
  EXPECT_THAT(Retain({.newest = 1, .best = 1}, kSteps, scores).steps, ElementsAre(40, 100));
  EXPECT_THAT(Retain({.newest = 1, .best = 2}, kSteps, scores).steps, ElementsAre(40, 80, 100));
  EXPECT_THAT(Retain({.newest = 1, .best = 9}, kSteps, scores).steps, ElementsAre(0, 40, 80, 100));
  EXPECT_THAT(Retain({.newest = 1, .best = 9}, kSteps, {}).steps, ElementsAre(100));
}

TEST(Retain, OfEquallyGoodOnesTheNewerStays) {
  EXPECT_THAT(Retain({.newest = 1, .best = 1}, kSteps, {{20, 0.5}, {60, 0.5}}).steps, ElementsAre(60, 100));
}

// The best may be among the newest: it takes the place of none of them.
TEST(Retain, EveryKthStaysForGoodAndTheJournalDoesNotWaitForIt) {
  const Retained retained = Retain({.newest = 2, .best = 1, .every = 60}, kSteps, {{40, 0.6}, {80, 0.5}});
  EXPECT_THAT(retained.steps, ElementsAre(0, 40, 60, 80, 100));
  EXPECT_EQ(retained.oldest_newest, 80u);
}

}  // namespace
}  // namespace drover::run
