#include "actor/scheduler/cache_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::actor {
namespace {

using ::testing::HasSubstr;

// Pages of 1,000 bytes; a model of 100 positions: 7 pages.
CacheWishes Wishes(int64_t max_batch, int64_t max_context, int64_t cache_bytes,
                   int64_t default_bytes = 1'000'000) {
  return {.max_batch = max_batch,
          .max_context = max_context,
          .max_positions = 100,
          .cache_bytes = cache_bytes,
          .default_bytes = default_bytes,
          .page_bytes = 1000};
}

void ExpectPlan(const CacheWishes& wishes, int32_t pages, int64_t context) {
  const auto plan = PlanCache(wishes);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->pages, pages);
  EXPECT_EQ(plan->context, context);
}

TEST(PlanCache, EnoughForTheBatchIsAllThatIsTaken) {
  ExpectPlan(Wishes(4, 0, 0), 28, 100);
  ExpectPlan(Wishes(4, 32, 0), 8, 32);
  ExpectPlan(Wishes(4, 33, 0), 12, 33);
  ExpectPlan(Wishes(4, 1000, 0), 28, 100);
  ExpectPlan(Wishes(4, 32, 900'000), 8, 32);
}

TEST(PlanCache, TheBudgetIsObeyed) {
  ExpectPlan(Wishes(100, 0, 50'999), 50, 100);
  ExpectPlan(Wishes(100, 0, 0, /*default_bytes=*/9'000), 9, 100);
  ExpectPlan(Wishes(100, 0, 7'000), 7, 100);
  ExpectPlan(Wishes(100, 33, 3'000), 3, 33);
  ExpectPlan(Wishes(1LL << 16, 0, int64_t{1} << 62), 7 << 16, 100);
}

TEST(PlanCache, TheContextIsWhatFits) {
  ExpectPlan(Wishes(100, 0, 5'000), 5, 80);
  ExpectPlan(Wishes(100, 0, 1'000), 1, 16);
}

TEST(PlanCache, ABudgetForNotOneResponseIsRefused) {
  const absl::Status none = PlanCache(Wishes(100, 0, 999)).status();
  EXPECT_EQ(none.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(none.message()),
              HasSubstr("cache_bytes is 999, must be at least 1000: one response of 16 tokens"));
  EXPECT_THAT(std::string(PlanCache(Wishes(100, 33, 2'999)).status().message()),
              HasSubstr("cache_bytes is 2999, must be at least 3000: one response of 33 tokens"));
  EXPECT_THAT(std::string(PlanCache(Wishes(100, 33, 0, 2'000)).status().message()),
              HasSubstr("(cache_bytes is 0) is 2000, must be at least 3000"));
}

TEST(DefaultCacheBytes, RanksOfOneDevicePartIt) {
  EXPECT_EQ(DefaultCacheBytes(8000, /*gpu=*/true, 1), 4000);
  EXPECT_EQ(DefaultCacheBytes(8000, /*gpu=*/true, 2), 2000);
  EXPECT_EQ(DefaultCacheBytes(8000, /*gpu=*/false, 1), 2000);
  EXPECT_EQ(DefaultCacheBytes(8000, /*gpu=*/false, 4), 500);
}

}  // namespace
}  // namespace drover::actor
