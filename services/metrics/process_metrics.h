// What every process exports about itself: its version, and the process_* metrics that Prometheus' own client libraries
// have (start time, CPU, memory, file descriptors), read from /proc when they are asked for.
#pragma once

#include <prometheus/collectable.h>

#include <string>
#include <vector>

namespace drover::metrics {

// Drover's version, as the build knows it ("0.1.0").
std::string Version();

// Thread-safe. What /proc does not tell is left out.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  // `process`: the program, "drover-actor"; a label of drover_build_info.
  explicit ProcessMetrics(std::string process) : process_(std::move(process)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::string process_;
};

}  // namespace drover::metrics
