// One rollout's graded groups -> several optimizer steps. The equations: loss.h and docs/reference/algorithm.md.
//
//   groups -> rewards -> advantages          (per group, before any shuffling: advantage.h)
//   responses -> log pi_old                  (weights before the first step, or as recorded by the actor)
//   for each minibatch (plan.h):             N responses over all ranks
//     for each own microbatch (batch.h):     forward, loss (loss.h), backward: gradients add up in one flat bucket
//     all-reduce                             the bucket and the sums of the statistics
//     finite? clip to the norm, AdamW : skip, count, log
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/rank.pb.h"
#include "group/check.h"
#include "learner/collectives.h"
#include "learner/trainer_options.h"
#include "learner/trainer_state.h"
#include "learner/update_stats.h"
#include "model/transformer.h"

namespace drover::learner {

struct SupervisedExample {
  std::vector<uint32_t> prompt_token_ids;    // at least one; no loss on them
  std::vector<uint32_t> response_token_ids;  // at least one
};

// How a follower's life ends in order: the run is done, or its processes stop and it will go on later.
enum class FollowEnd { kDone, kStopped };

// Not thread-safe. On a group of several ranks, rank 0 calls these methods and every other rank is in FollowLeader
// (followers.h), which executes what rank 0 announces; each method announces itself.
class Trainer {
 public:
  // `model` is trainable; its weights become rank 0's. `collectives` must outlive the trainer. Every rank calls it.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(const TrainerOptions& options,
                                                         std::unique_ptr<model::Transformer> model,
                                                         Collectives* collectives);
  ~Trainer();

  // One rollout. `version` is that of the weights that the trainer has now (0 before the first update).
  // INVALID_ARGUMENT for groups that CheckGroup refuses (nothing was changed); ABORTED when max_skipped_steps
  // steps in a row were not finite; errors of the collectives.
  absl::StatusOr<UpdateStats> Update(const std::vector<v1::Group>& groups, uint64_t rollout,
                                     uint64_t version);

  // One supervised step: cross-entropy of the response tokens, averaged over the batch's tokens. Returns the
  // loss. A step that is not finite is skipped like those of Update.
  absl::StatusOr<double> SupervisedStep(const std::vector<SupervisedExample>& examples, double learning_rate);

  // Between supervised and reinforcement learning: the optimizer's moments and all counters start afresh, and
  // with a KL coefficient the policy of now is frozen as the reference. Call it once before the first Update
  // of a new run (a restored one has it behind it).
  absl::Status BeginReinforcement();

  // The state, sharing storage with the trainer: use it before the next step.
  TrainerState State() const;
  // Copies `state` in. All or nothing; INVALID_ARGUMENT names the tensor that is missing or misshapen.
  absl::Status Restore(const TrainerState& state);

  // Tells the followers that rank 0 is alive and has nothing to do yet (see FollowOptions::idle_timeout).
  absl::Status KeepAlive();
  // Ends FollowLeader on the other ranks, which learn whether the run is done.
  absl::Status StopFollowers(FollowEnd how = FollowEnd::kDone);

  model::Transformer& model();
  const model::Transformer& model() const;
  // What Update takes: for those who accept groups on its behalf.
  group::GroupLimits group_limits() const;
  // Since BeginReinforcement, skipped ones included.
  uint64_t optimizer_steps() const;

  // What FollowLeader calls with a command of rank 0's; false: stop.
  absl::StatusOr<bool> Execute(const v1::RankCommand& command);

 private:
  struct Impl;
  explicit Trainer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::learner
