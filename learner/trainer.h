// One rollout's graded groups -> several optimizer steps. The equations: losses/ and docs/reference/algorithm.md.
//
//   groups -> rewards -> advantages          (before any shuffling: advantages/)
//   responses -> log pi_old                  (weights before the first step, or as recorded by the actor)
//   for each minibatch (plan.h):             N responses over all ranks
//     for each own microbatch (batch.h):     forward, loss (losses/), backward: gradients add up in one flat bucket
//     all-reduce                             the bucket and the sums of the statistics
//     finite? clip to the norm, AdamW : skip, count, log
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/rank.pb.h"
#include "group/check.h"
#include "learner/supervised_example.h"
#include "learner/supervised_options.h"
#include "learner/trainer_options.h"
#include "learner/trainer_state.h"
#include "learner/update_stats.h"
#include "model/transformer.h"
#include "model/weight_set.h"
#include "ranks/collectives.h"

namespace drover::learner {

class ShardGathering;
struct Replica;

// How a follower's life ends in order: the run is done, or its processes stop and it will go on later.
enum class FollowEnd { kDone, kStopped };

// What a command of rank 0's came to, on the rank that executed it.
struct CommandResult {
  UpdateStats update;            // of an update
  StepStats supervised;          // of a supervised step
  model::WeightSet weights;      // of an export, on rank 0
  std::optional<FollowEnd> end;  // nothing follows it
};

// Not thread-safe. On a group of several ranks, rank 0 calls the methods and every other rank is in FollowLeader
// (followers.h). Each method that changes something makes a command of its arguments, tells it to the others, and
// executes it like them:
//
//   rank 0   Update, SupervisedStep, ...: check, make the command ─▶ announce ─▶ Execute ─▶ the method's answer
//                                                                       │
//   others   FollowLeader                                               └──────▶ Execute
class Trainer {
 public:
  // `model` is trainable; its weights become rank 0's. `collectives` must outlive the trainer. Every rank calls it.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(const TrainerOptions& options,
                                                         std::unique_ptr<model::Transformer> model,
                                                         Collectives* collectives);
  ~Trainer();

  // One rollout, at `rate_scale` of the learning rate. `version` is that of the weights that the trainer has now (0 before
  // the first update).
  // INVALID_ARGUMENT for groups that CheckGroup refuses (nothing was changed); ABORTED when max_skipped_steps
  // steps in a row were not finite; errors of the collectives.
  absl::StatusOr<UpdateStats> Update(const std::vector<v1::Group>& groups, uint64_t rollout, uint64_t version,
                                     double rate_scale = 1.0);

  // One supervised step: cross-entropy of the learned tokens, over the batch. A step that is not finite is skipped like
  // those of Update.
  absl::StatusOr<StepStats> SupervisedStep(const std::vector<SupervisedExample>& examples,
                                           const SupervisedOptions& options);

  // The cross-entropy of the examples' learned tokens under the weights of now, in nats; changes nothing. This rank
  // alone computes it; the others lend it their weights where ranks share them.
  absl::StatusOr<SupervisedLoss> MeasureSupervised(const std::vector<SupervisedExample>& examples,
                                                   int64_t microbatch_tokens);

  // Between supervised and reinforcement learning: the optimizer's moments and all counters start afresh, and
  // with a KL coefficient the policy of now is frozen as the reference (of a model with adapters, the one that they
  // adapt). Call it once before the first Update of a new run (a restored one has it behind it).
  absl::Status BeginReinforcement();

  // The weights as they are published (Transformer::Export). Where ranks share them they are gathered a bucket at a time.
  absl::StatusOr<model::WeightSet> ExportWeights();

  // The state, sharing storage with the trainer: use it before the next step. With sharding the moments, and with
  // Sharding::kWeights the weights, are this rank's.
  TrainerState State() const;
  // Copies `state` in. All or nothing; INVALID_ARGUMENT names the tensor that is missing or misshapen.
  absl::Status Restore(const TrainerState& state);

  // With moments shared among several ranks: each copies its own, for the checkpoint that rank 0 writes with what it is given
  // here (shard_writer.h). Otherwise null: rank 0 has them all.
  absl::StatusOr<std::shared_ptr<ShardGathering>> SaveShards();

  // Tells the followers that rank 0 is alive and has nothing to do yet (see FollowOptions::idle_timeout).
  absl::Status KeepAlive();
  // Ends FollowLeader on the other ranks, which learn whether the run is done.
  absl::Status StopFollowers(FollowEnd how = FollowEnd::kDone);

  // Whether ranks share the weights: those of model() are then there within a pass alone.
  bool shares_weights() const;
  model::Transformer& model();
  const model::Transformer& model() const;
  // What Update takes: for those who accept groups on its behalf.
  group::GroupLimits group_limits() const;
  // Transformer::BaseDigest of a model with adapters; empty without them.
  const std::string& base_digest() const;
  // Since BeginReinforcement, skipped ones included.
  uint64_t optimizer_steps() const;

  // What each rank does with a command of rank 0's, which checked it. DATA_LOSS for one that this build does not know.
  absl::StatusOr<CommandResult> Execute(v1::RankCommand command);

 private:
  explicit Trainer(std::unique_ptr<Replica> replica);
  // Rank 0's way to do anything: announces the command and executes it.
  absl::StatusOr<CommandResult> Lead(v1::RankCommand command);

  const std::unique_ptr<Replica> replica_;
};

}  // namespace drover::learner
