#include "services/metrics/reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "base/file.h"
#include "services/metrics/actor_metrics.h"
#include "services/metrics/learner_metrics.h"
#include "services/metrics/serve_metrics.h"
#include "services/metrics/verifier_metrics.h"

namespace drover::metrics {
namespace {

constexpr char kPage[] = "docs/reference/metrics.md";

TEST(MetricsReference, ThePageIsCurrent) {
  if (std::getenv("DROVER_UPDATE") != nullptr) {
    ASSERT_TRUE(WriteFileAtomically(kPage, MetricsReference()).ok());
  }
  const auto page = ReadFile(kPage);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(*page, MetricsReference()) << "run DROVER_UPDATE=1 build/tests/metrics_test and commit " << kPage;
}

// The rules that promtool check metrics and the Prometheus naming guide hold names to.
TEST(MetricsReference, NamesKeepTheRules) {
  const VerifierMetrics verifier({"equal_exact"});
  const ActorMetrics actor;
  const LearnerMetrics learner;
  const ServeMetrics serve;
  const std::regex good("drover_[a-z][a-z0-9]*(_[a-z0-9]+)*");
  for (const auto& registry : {verifier.registry, actor.registry, learner.registry(), serve.registry}) {
    for (const prometheus::MetricFamily& family : registry->Collect()) {
      const bool total = family.name.size() > 6 && family.name.substr(family.name.size() - 6) == "_total";
      EXPECT_TRUE(std::regex_match(family.name, good)) << family.name;
      EXPECT_EQ(total, family.type == prometheus::MetricType::Counter) << family.name;
      EXPECT_FALSE(family.help.empty()) << family.name;
      EXPECT_EQ(family.help.back(), '.') << family.name;
      EXPECT_FALSE(family.metric.empty()) << family.name;
      EXPECT_EQ(family.name.find("milli"), std::string::npos) << family.name;
    }
  }
}

}  // namespace
}  // namespace drover::metrics
