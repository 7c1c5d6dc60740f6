// The last part of a group's way through an actor: its responses are graded and submitted.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "actor/generator.h"
#include "programs/actor/lease_table.h"
#include "programs/actor/peers.h"
#include "services/metrics/actor_metrics.h"

namespace drover::actor_process {

struct SubmitterOptions {
  std::string actor;
  absl::Duration grade_timeout = absl::Minutes(10);  // for the verifiers to come back
};

// Thread-safe: several threads may submit at a time.
class Submitter {
 public:
  // All outlive it.
  Submitter(SubmitterOptions options, Grader* grader, LeaseSource* leases, metrics::ActorMetrics* metrics)
      : options_(std::move(options)), grader_(grader), leases_(leases), metrics_(metrics) {}

  // Blocks; calls are tried again inside until they give up or are cancelled.
  SubmissionEnd Submit(Submission submission) const;

 private:
  void Count(const std::vector<v1::Response>& responses) const;
  absl::StatusOr<v1::Group> Grade(const v1::Lease& lease, actor::FinishedGroup generated) const;

  const SubmitterOptions options_;
  Grader* const grader_;
  LeaseSource* const leases_;
  metrics::ActorMetrics* const metrics_;
};

}  // namespace drover::actor_process
