// Everything that a learner process exports. Rank 0 moves all of it; other ranks leave it at zero.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "drover/v1/group.pb.h"
#include "drover/v1/run.pb.h"
#include "services/metrics/experience_metrics.h"
#include "services/metrics/weight_metrics.h"
#include "services/run/step_report.h"

namespace drover::metrics {

// What rank 0's time goes into.
enum class Activity { kLoading, kPretraining, kWaiting, kTraining, kPublishing, kEvaluating, kCheckpointing };
inline constexpr size_t kActivities = 7;

// What a run is told to do, of its recipe.
struct RunTargets {
  uint64_t rollouts = 0;         // run.steps
  uint64_t staleness_bound = 0;  // staleness.bound
  uint32_t ranks = 0;            // learner.ranks
};

// Thread-safe.
class LearnerMetrics {
 public:
  LearnerMetrics();

  // For AddPages.
  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }
  // For WeightPublisher.
  WeightPublisherMetrics& weights() { return weights_; }
  // For ExperienceService.
  ExperienceMetrics& experience() { return experience_; }

  // What happened, by the run loop:
  void Published(uint64_t version, double seconds);
  void Evaluated(double accuracy);
  // So many questions of the evaluation in progress are not graded yet; 0: there is none.
  void SetEvaluationPending(uint64_t questions);
  // One was ended and will not be done.
  void EvaluationGivenUp();
  // The groups of a rollout, before they are trained on; `version` is the newest published one.
  void Collected(const std::vector<v1::Group>& groups, uint64_t version);
  void Stepped(const run::StepReport& report);
  // A checkpoint is durable: so many bytes, written in so many seconds.
  void Checkpointed(uint64_t bytes, double seconds);
  // One was to be there and is not.
  void CheckpointFailed();
  // One step of a supervised run; of `report` what concerns the optimizer, and its response tokens: those with a loss.
  void SteppedSupervised(const run::StepReport& report);
  // Bytes that may still be written where the run's files are.
  void SetDiskFree(uint64_t bytes);
  void Entered(v1::RunPhase phase);
  // A guard did something.
  void Guarded(const std::string& guard, v1::GuardAction action);
  // The share of the learning rate that the guards have left.
  void SetRateScale(double scale);
  void SetIncarnation(uint32_t incarnation);
  void SetLeases(const v1::LeaseCounts& counts);
  void SetActors(uint32_t actors);
  void SetTargets(const RunTargets& targets);
  void SetReady(bool ready);
  // So many seconds went into an activity; also counts as progress unless it is kWaiting.
  void Spent(Activity activity, double seconds);
  // Something of the run went on: a supervised step, a group, an optimizer step, a checkpoint.
  void Progressed();

 private:
  struct Step;
  struct Groups;
  struct Run;
  std::shared_ptr<prometheus::Registry> registry_;
  WeightPublisherMetrics weights_;
  ExperienceMetrics experience_;
  std::shared_ptr<Step> step_;
  std::shared_ptr<Groups> groups_;
  std::shared_ptr<Run> run_;
};

}  // namespace drover::metrics
