#include "services/metrics/engine_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::metrics {
namespace {

struct Counts {
  int64_t pages = 0, used_pages = 0;
  uint64_t prefilled_tokens = 0, shared_tokens = 0, recomputed_tokens = 0, preemptions = 0;
};

TEST(EngineMetricsTest, ShowsWhatWasCountedOnce) {
  prometheus::Registry registry;
  EngineMetrics metrics(registry, "drover_some");
  metrics.Show(Counts{40, 7, 90, 32, 11, 2});
  metrics.Show(Counts{40, 5, 100, 32, 12, 2});
  EXPECT_EQ(metrics.cache_pages.Value(), 40);
  EXPECT_EQ(metrics.cache_used_pages.Value(), 5);
  EXPECT_EQ(metrics.prefilled_tokens.Value(), 100);
  EXPECT_EQ(metrics.shared_tokens.Value(), 32);
  EXPECT_EQ(metrics.recomputed_tokens.Value(), 12);
  EXPECT_EQ(metrics.preemptions.Value(), 2);
}

TEST(EngineMetricsTest, NamesBeginWithThePrefix) {
  prometheus::Registry registry;
  const EngineMetrics metrics(registry, "drover_some");
  for (const prometheus::MetricFamily& family : registry.Collect()) {
    EXPECT_THAT(family.name, ::testing::StartsWith("drover_some_"));
  }
}

}  // namespace
}  // namespace drover::metrics
