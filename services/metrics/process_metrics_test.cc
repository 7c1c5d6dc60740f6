#include "services/metrics/process_metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <prometheus/metric_family.h>
#include <unistd.h>

#include <map>
#include <vector>

#include "services/metrics/registry.h"

namespace drover::metrics {
namespace {

std::map<std::string, double> Values() {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : ProcessMetrics("drover-test").Collect()) {
    const prometheus::ClientMetric& metric = family.metric.at(0);
    values[family.name] =
        family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
  }
  return values;
}

TEST(ProcessMetricsTest, ThisProcessIsDescribed) {
  const auto values = Values();
  EXPECT_EQ(values.at("drover_build_info"), 1);
  EXPECT_LE(values.at("process_start_time_seconds"), UnixSeconds() + 1);
  EXPECT_GT(values.at("process_start_time_seconds"), UnixSeconds() - 3600);
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1e5);
  EXPECT_GT(values.at("process_virtual_memory_bytes"), values.at("process_resident_memory_bytes"));
  EXPECT_GE(values.at("process_cpu_seconds_total"), 0);
  EXPECT_GT(values.at("process_max_fds"), values.at("process_open_fds"));
}

TEST(ProcessMetricsTest, DescriptorsAreCounted) {
  const double before = Values().at("process_open_fds");
  const int fd = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(Values().at("process_open_fds"), before + 1);
  ::close(fd);
  EXPECT_EQ(Values().at("process_open_fds"), before);
}

TEST(ProcessMetricsTest, TheBuildIsNamed) {
  const auto families = ProcessMetrics("drover-test").Collect();
  const auto& labels = families.at(0).metric.at(0).label;
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].name, "process");
  EXPECT_EQ(labels[0].value, "drover-test");
  EXPECT_EQ(labels[1].name, "version");
  EXPECT_EQ(labels[1].value, Version());
}

}  // namespace
}  // namespace drover::metrics
