// What rank 0 serves to the other processes: leases, weights, the state of the run.
#pragma once

#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "data/prompt_source.h"
#include "drover/v1/recipe.pb.h"
#include "group/check.h"
#include "programs/learner/flags.h"
#include "programs/learner/run_service.h"
#include "programs/learner/run_status.h"
#include "services/experience/service.h"
#include "services/experience/store.h"
#include "services/metrics/learner_metrics.h"
#include "services/rpc/server.h"
#include "services/run/run_folder.h"
#include "services/weights/publisher.h"

namespace drover::learner_process {

struct ServingParts {
  Flags flags;
  v1::Recipe recipe;  // effective
  run::RunFolder folder{""};
  group::GroupLimits group_limits;              // of the trainer
  const data::PromptSource* prompts = nullptr;  // these outlive it
  metrics::LearnerMetrics* metrics = nullptr;
  Heartbeats* heartbeats = nullptr;
};

// Thread-safe.
class Serving {
 public:
  // Opens the store and listens. gRPC's health is NOT_SERVING until SetServing(true).
  static absl::StatusOr<std::unique_ptr<Serving>> Start(const ServingParts& parts);
  // Ends the streams and the calls in flight; actors learn that the run goes on elsewhere, unless it is over.
  ~Serving();

  void SetServing(bool serving) { server_->SetServing(serving); }
  // Readiness goes, calls are still answered, but no lease is issued any more.
  void Drain();
  // Once the run is over: until every actor has heard so (its weight stream has ended), at most `within`; but no less
  // than `at_least`, for actors that are on their way back from an earlier start of the learner.
  void AwaitActorsEnd(absl::Duration at_least, absl::Duration within) const;
  // Gauges of what is looked up and not counted.
  void Refresh() const;

  experience::RolloutStore& rollouts() { return *store_; }
  const experience::StoreView& store_view() const { return *store_; }
  weights::WeightPublisher& publisher() { return *publisher_; }
  RunStatus& status() { return status_; }
  int port() const { return server_->port(); }

 private:
  Serving() = default;
  metrics::LearnerMetrics* metrics_ = nullptr;
  // Destroyed from the bottom up: the server before what it serves.
  RunStatus status_;
  std::unique_ptr<experience::ExperienceStore> store_;
  std::unique_ptr<experience::ExperienceService> experience_;
  std::unique_ptr<weights::WeightPublisher> publisher_;
  std::unique_ptr<RunServiceImpl> run_;
  std::unique_ptr<rpc::Server> server_;
};

}  // namespace drover::learner_process
