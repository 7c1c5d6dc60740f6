// How metrics are declared: every one is there, at zero, from the start; names begin with drover_, are in base units,
// and end in _total when they count. The reference page is generated from what is declared (reference.h).
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/labels.h>
#include <prometheus/registry.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace drover::metrics {

// Adds one time series to the family `name`, which is made when it is new. Aborts on a bad or doubly typed name.
prometheus::Counter& AddCounter(prometheus::Registry& registry, const std::string& name,
                                const std::string& help, const prometheus::Labels& labels = {});
prometheus::Gauge& AddGauge(prometheus::Registry& registry, const std::string& name, const std::string& help,
                            const prometheus::Labels& labels = {});
// `buckets`: upper bounds, increasing.
prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const std::string& name,
                                    const std::string& help, const std::vector<double>& buckets,
                                    const prometheus::Labels& labels = {});

// Buckets for what takes 1 µs to seconds, for what takes 0.1 ms to a minute, for what takes 10 ms to an hour, and for lengths of 1 to 65,536 tokens.
const std::vector<double>& TinySeconds();
const std::vector<double>& ShortSeconds();
const std::vector<double>& LongSeconds();
const std::vector<double>& TokenCounts();

// Seconds since the epoch, for gauges named ..._timestamp_seconds (an age is the reader's business).
double UnixSeconds();

// Errors by kind, where a kind is one of few: label values stay bounded whatever a peer answers.
class ErrorCounters {
 public:
  ErrorCounters(prometheus::Registry& registry, const std::string& name, const std::string& help);
  // Nothing for an OK status.
  void Count(const absl::Status& status);

 private:
  static constexpr size_t kKinds = 6;
  static size_t KindOf(const absl::Status& status);
  std::array<prometheus::Counter*, kKinds> counters_;
};

}  // namespace drover::metrics
