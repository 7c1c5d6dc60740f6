// The last part of a group's way through an actor: its responses are graded and submitted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "actor/generator.h"
#include "drover/v1/experience.pb.h"
#include "programs/actor/peers.h"
#include "services/metrics/actor_metrics.h"

namespace drover::actor_process {

// A lease whose group was generated.
struct GeneratedLease {
  v1::Lease lease;
  absl::Time since;  // when the lease came
};

// What became of it.
struct SubmitEnd {
  enum class Kind {
    kAnswered,  // the learner took it or does not want it: the lease is over
    kGiveBack,  // it could not be graded or submitted; `failed` when that is its own fault and not a peer's absence
    kCancelled,  // the actor stops meanwhile
  };
  Kind kind = Kind::kCancelled;
  std::string reason;  // of kGiveBack
  bool failed = false;
};

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
  SubmitEnd Submit(const GeneratedLease& lease, actor::FinishedGroup generated) const;

 private:
  void Count(const std::vector<v1::Response>& responses) const;
  absl::StatusOr<v1::Group> Grade(const GeneratedLease& lease, actor::FinishedGroup generated) const;

  const SubmitterOptions options_;
  Grader* const grader_;
  LeaseSource* const leases_;
  metrics::ActorMetrics* const metrics_;
};

}  // namespace drover::actor_process
