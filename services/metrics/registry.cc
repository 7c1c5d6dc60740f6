#include "services/metrics/registry.h"

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace drover::metrics {
namespace {

constexpr std::array<const char*, 6> kKindNames = {"unavailable", "deadline_exceeded", "resource_exhausted",
                                                   "invalid",     "data_loss",         "other"};

}  // namespace

prometheus::Counter& AddCounter(prometheus::Registry& registry, const std::string& name,
                                const std::string& help, const prometheus::Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const std::string& name, const std::string& help,
                            const prometheus::Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Histogram& AddHistogram(prometheus::Registry& registry, const std::string& name,
                                    const std::string& help, const std::vector<double>& buckets,
                                    const prometheus::Labels& labels) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(labels, buckets);
}

const std::vector<double>& TinySeconds() {
  static const auto& buckets =
      *new std::vector<double>{1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4,
                               1e-3, 2.5e-3, 5e-3, 0.01, 0.025,  0.1,  0.5,  2.5};
  return buckets;
}

const std::vector<double>& ShortSeconds() {
  static const auto& buckets = *new std::vector<double>{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60};
  return buckets;
}

const std::vector<double>& LongSeconds() {
  static const auto& buckets =
      *new std::vector<double>{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600};
  return buckets;
}

const std::vector<double>& TokenCounts() {
  static const auto& buckets = *new std::vector<double>{
      1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3072, 4096, 8192, 16384, 32768, 65536};
  return buckets;
}

double UnixSeconds() { return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()); }

ErrorCounters::ErrorCounters(prometheus::Registry& registry, const std::string& name,
                             const std::string& help) {
  static_assert(kKindNames.size() == kKinds);
  for (size_t i = 0; i < kKinds; ++i)
    counters_[i] = &AddCounter(registry, name, help, {{"kind", kKindNames[i]}});
}

size_t ErrorCounters::KindOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kCancelled:
      return 0;
    case absl::StatusCode::kDeadlineExceeded:
      return 1;
    case absl::StatusCode::kResourceExhausted:
      return 2;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnimplemented:
      return 3;
    case absl::StatusCode::kDataLoss:
      return 4;
    default:
      return 5;
  }
}

void ErrorCounters::Count(const absl::Status& status) {
  if (!status.ok()) counters_[KindOf(status)]->Increment();
}

}  // namespace drover::metrics
