#include "actor/drafting/pass_cost.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/random.h"

namespace drover::actor {
namespace {

using Seconds = std::function<double(int64_t rows)>;

// Passes of 1 to `most` rows, in no order, each up to `noise` longer or shorter than it should be.
void TimeMany(PassCost& cost, int passes, int64_t most, double noise, const Seconds& seconds) {
  RandomStream random(1, RandomPurpose::kQuestions, 0);
  for (int pass = 0; pass < passes; ++pass) {
    const auto rows = static_cast<int64_t>(1 + random.Below(static_cast<uint64_t>(most)));
    cost.Time(rows, seconds(rows) * (1.0 - noise + 2.0 * noise * random.Uniform()));
  }
}

TEST(PassCost, BeforeAnyPassEightRowsAreFixed) {
  const PassCost cost;
  EXPECT_NEAR(cost.Ratio(1, 2), 10.0 / 9, 1e-12);
  EXPECT_NEAR(cost.Ratio(8, 24), 32.0 / 16, 1e-12);
  EXPECT_NEAR(cost.Ratio(100, 200), 208.0 / 108, 1e-12) << "rows beyond those that have a cost of their own";
  EXPECT_EQ(cost.Ratio(5, 5), 1.0);
}

TEST(PassCost, LearnsALine) {
  for (const double fixed : {0.5, 2.0, 30.0, 200.0}) {
    PassCost cost;
    TimeMany(cost, 600, 16, 0.05, [&](int64_t rows) { return 1e-3 * (fixed + static_cast<double>(rows)); });
    EXPECT_NEAR(cost.Ratio(1, 4), (fixed + 4) / (fixed + 1), 0.1 * (fixed + 4) / (fixed + 1)) << fixed;
    EXPECT_NEAR(cost.Ratio(8, 16), (fixed + 16) / (fixed + 8), 0.06 * (fixed + 16) / (fixed + 8)) << fixed;
  }
}

// Rows that were never seen cost what those that were lead to expect.
TEST(PassCost, SaysMoreThanItHasSeen) {
  PassCost cheap, dear;
  TimeMany(cheap, 300, 8, 0.05, [](int64_t rows) { return 100.0 + static_cast<double>(rows); });
  TimeMany(dear, 300, 8, 0.05, [](int64_t rows) { return static_cast<double>(rows); });
  EXPECT_LT(cheap.Ratio(8, 16), 1.25);
  EXPECT_GT(dear.Ratio(8, 16), 1.75);
}

// What Zen 4 does, whose tiles have six rows: 11 ms for one, 13 for six, 17 for seven.
TEST(PassCost, LearnsAStair) {
  PassCost cost;
  const auto stair = [](int64_t rows) {
    return static_cast<double>(rows <= 6 ? 11 + 2 * (rows - 1) / 5 : 10 + rows);
  };
  TimeMany(cost, 1000, 12, 0.05, stair);
  EXPECT_NEAR(cost.Ratio(6, 7), 17.0 / 13, 0.07);
  EXPECT_LT(cost.Ratio(4, 5), 1.07);
  EXPECT_NEAR(cost.Ratio(7, 12), 22.0 / 17, 0.1);
}

// Responses end one after the other while contexts grow: rows become fewer, and passes take longer all the same.
TEST(PassCost, WhatSlowsAllPassesDownIsNoRowsDoing) {
  PassCost cost;
  double slower = 1.0;
  for (int64_t fewest = 8; fewest >= 5; --fewest) {
    for (int pass = 0; pass < 100; ++pass, slower *= 1.002) {
      const int64_t rows = fewest + pass % 3;
      cost.Time(rows, slower * (8.0 + static_cast<double>(rows)));
    }
  }
  EXPECT_GT(slower * 14, 18) << "passes of six rows at the end took longer than those of ten had";
  EXPECT_NEAR(cost.Ratio(6, 10), 18.0 / 14, 0.05);
  for (int pass = 0; pass < 200; ++pass) cost.Time(4 + pass % 3, 12.0 + pass % 3);
  for (int pass = 0; pass < 200; ++pass)
    cost.Time(4 + pass % 3, 3.0 * (12.0 + pass % 3));  // others want the machine
  EXPECT_NEAR(cost.Ratio(4, 6), 14.0 / 12, 0.05);
}

TEST(PassCost, PassesOfOneSizeLeaveItToWhatIsGranted) {
  PassCost cost;
  RandomStream random(1, RandomPurpose::kQuestions, 0);
  for (int pass = 0; pass < 500; ++pass) cost.Time(8, 0.02 * (0.9 + 0.2 * random.Uniform()));
  EXPECT_NEAR(cost.Ratio(8, 9), 17.0 / 16, 1e-3);
}

TEST(PassCost, APassThatWasHeldUpSpoilsLittle) {
  PassCost cost;
  const auto seconds = [](int64_t rows) { return 1e-3 * (8.0 + static_cast<double>(rows)); };
  TimeMany(cost, 300, 8, 0.05, seconds);
  cost.Time(4, 60.0);
  EXPECT_NEAR(cost.Ratio(1, 8), 16.0 / 9, 0.2);
  TimeMany(cost, 300, 8, 0.05, seconds);
  EXPECT_NEAR(cost.Ratio(1, 8), 16.0 / 9, 0.1);
  cost.Time(4, 0.0);  // a clock that was set
  EXPECT_TRUE(std::isfinite(cost.Ratio(1, 8)));
}

// Passes that seem faster the more they work on: noise.
TEST(PassCost, NoRowIsFree) {
  PassCost cost;
  for (int pass = 0; pass < 500; ++pass) cost.Time(1 + pass % 8, 0.02 - 0.002 * (pass % 8));
  for (int64_t row = 2; row < 100; ++row) EXPECT_GE(cost.Rise(row), PassCost::LeastRise(row)) << row;
  EXPECT_GT(PassCost::LeastRise(8), 0.0);
  EXPECT_LT(cost.Ratio(1, 8), 1.1);
}

TEST(PassCost, IsForgotten) {
  PassCost cost;
  TimeMany(cost, 300, 8, 0.05, [](int64_t rows) { return static_cast<double>(rows); });
  EXPECT_GT(cost.Ratio(1, 4), 2.0);
  for (int pass = 0; pass < 20000; ++pass) cost.Time(4, 4.0);
  EXPECT_NEAR(cost.Ratio(1, 4), 12.0 / 9, 0.05);
  TimeMany(cost, 300, 8, 0.05, [](int64_t rows) { return 100.0 + static_cast<double>(rows); });
  EXPECT_LT(cost.Ratio(1, 4), 1.1);
}

}  // namespace
}  // namespace drover::actor
