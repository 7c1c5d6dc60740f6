// Everything that a learner process exports. Rank 0 moves all of it; other ranks leave it at zero.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "drover/v1/group.pb.h"
#include "drover/v1/run.pb.h"
#include "services/metrics/weight_metrics.h"
#include "services/run/step_report.h"

namespace drover::metrics {

// Thread-safe.
class LearnerMetrics {
 public:
  LearnerMetrics();

  // For MetricsServer::Start.
  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }
  // For WeightPublisher.
  WeightPublisherMetrics& weights() { return weights_; }

  // What happened, by the run loop:
  void Published(uint64_t version, double seconds);
  void Evaluated(double accuracy);
  // The groups of a rollout, before they are trained on; `version` is the newest published one.
  void Collected(const std::vector<v1::Group>& groups, uint64_t version);
  void Stepped(const run::StepReport& report);
  void Checkpointed();
  void Entered(v1::RunPhase phase);
  void SetIncarnation(uint32_t incarnation);
  void SetLeases(const v1::LeaseCounts& counts);
  void SetActors(uint32_t actors);

 private:
  struct Step;
  struct Groups;
  struct Run;
  std::shared_ptr<prometheus::Registry> registry_;
  WeightPublisherMetrics weights_;
  std::shared_ptr<Step> step_;
  std::shared_ptr<Groups> groups_;
  std::shared_ptr<Run> run_;
};

}  // namespace drover::metrics
