// The training loop's side of the experience store: rollouts, versions, evaluations. store.h has the picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drover/v1/group.pb.h"
#include "services/experience/evaluation_plan.h"

namespace drover::experience {

// Thread-safe. Calls block on the disk, and those that wait on actors.
class RolloutStore {
 public:
  virtual ~RolloutStore() = default;

  // Starts the next incarnation from the weights of `version` (0 in a new run): rollouts trained after it are undone,
  // their groups wait again; leases held by actors are expired. FAILED_PRECONDITION when the journal no longer has
  // the groups to go on from `version` (it is older than a durable checkpoint) or never reached it.
  virtual absl::Status StartIncarnation(uint64_t version) = 0;
  // The same where the weights after `version` are given up, also within a run that goes on: groups that were sampled from
  // them are closed as failed, and leased again.
  virtual absl::Status GoBack(uint64_t version) = 0;
  // The weights of `version` are there for actors: call it once they can be fetched. It must be the trained version
  // (StartIncarnation's, or the last MarkTrained's).
  virtual absl::Status Publish(uint64_t version) = 0;
  // All groups of `rollout`, which must be the next to train, in lease order, fit for training (StoreOptions::
  // group_limits). DEADLINE_EXCEEDED when they are not there after `timeout`, or some that were stored are damaged or
  // unfit and so leased again (call again); FAILED_PRECONDITION or the disk's error when they never will be.
  virtual absl::StatusOr<std::vector<v1::Group>> WaitForRollout(uint64_t rollout, absl::Duration timeout) = 0;
  // The optimizer steps [first, last] (from 1 over the surviving line; last may be first - 1 when all were skipped)
  // took `rollout`'s groups and made `version` = rollout + 1. Durable when it returns.
  virtual absl::Status MarkTrained(uint64_t rollout, uint64_t version, uint64_t first_optimizer_step,
                                   uint64_t last_optimizer_step) = 0;
  // The checkpoint of `version` at `path` is durable, and the run will never go back behind it. Frees the disk space of
  // groups that it covers. A version before the one of an earlier call changes nothing.
  virtual absl::Status MarkCheckpoint(uint64_t version, const std::string& path) = 0;

  // Leases `prompts` for evaluation, each once, in its share of the actors (DeskOptions::evaluation_share); they are sampled
  // and graded as `plan` says, with exactly its version, which must be the published one now, or that of the evaluation
  // before, and need not be published later on.
  // Replaces an evaluation in progress; StartIncarnation and GoBack give it up.
  virtual absl::Status BeginEvaluation(EvaluationPlan plan, std::vector<v1::Prompt> prompts) = 0;
  // The graded groups in the order of the prompts; ends the evaluation. DEADLINE_EXCEEDED: call again.
  virtual absl::StatusOr<std::vector<v1::Group>> WaitForEvaluation(absl::Duration timeout) = 0;

  // The run is over: waiting and later lease requests are answered `finished`.
  virtual void Finish() = 0;
  // This process ends, the run does not: unless the run is over, waiting and later lease requests are answered
  // UNAVAILABLE, so that actors wait for the next incarnation. What they hold they may still submit and return.
  virtual void StopLeasing() = 0;
};

}  // namespace drover::experience
