// One rollout's graded groups -> several optimizer steps. The equations: loss.h and
// docs/reference/algorithm.md.
//
//   groups -> rewards -> advantages          (per group, before any shuffling: advantage.h)
//   responses -> log pi_old                  (weights before the first step, or as recorded by the actor)
//   for each minibatch (plan.h):             N responses over all ranks
//     for each own microbatch (batch.h):     forward, loss (loss.h), backward: gradients add up in one flat
//     bucket all-reduce the bucket and the sums of the statistics finite? clip to the norm, AdamW : skip,
//     count, log
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/rank.pb.h"
#include "drover/v1/recipe.pb.h"
#include "group/check.h"
#include "learner/adamw.h"
#include "learner/advantage.h"
#include "learner/collectives.h"
#include "learner/loss.h"
#include "learner/plan.h"
#include "learner/stepper.h"
#include "model/transformer.h"

namespace drover::learner {

struct TrainerOptions {
  AdvantageOptions advantage;
  LossOptions loss;
  PlanOptions plan;
  AdamWOptions adamw;
  bool actor_old_logprobs = false;  // loss.old_logprobs: ACTOR
  bool mask_truncated = false;      // responses cut at the limit leave the loss; they still count in N
  double temperature = 1.0;    // of sampling; log-probabilities are those of softmax(logits / temperature)
  double learning_rate = 0.0;  // 0 is valid: no weight changes by a bit
  uint64_t warmup_steps = 0;
  double max_grad_norm = 1.0;  // 0: gradients are not clipped
  // Of prompts and rewards; what else a group may hold follows from the model and the fields above.
  group::GroupLimits groups;
  int64_t microbatch_responses = 16;
  int64_t max_skipped_steps = 5;  // so many in a row are an error
  // Called before each microbatch of an update, by whoever called it: a sign of life. Null: nothing.
  std::function<void()> progress;

  // From a recipe whose defaults are filled in (a field that is still unset and may not be 0 is an error).
  static absl::StatusOr<TrainerOptions> FromRecipe(const v1::Recipe& recipe);
  absl::Status Validate() const;
};

struct SupervisedExample {
  std::vector<uint32_t> prompt_token_ids;    // at least one; no loss on them
  std::vector<uint32_t> response_token_ids;  // at least one
};

// What an update did, over all ranks. Means of loss and grad_norm are over the steps that were not skipped.
struct UpdateStats {
  double loss = 0.0;
  double grad_norm = 0.0;
  double clip_fraction = 0.0;  // share of the loss's tokens whose clipped term was taken
  double entropy = 0.0;        // mean over tokens, nats, at the sampling temperature
  double kl_reference = 0.0;   // mean k3 to the reference over tokens; 0 without one
  double kl_old = 0.0;         // mean k3 of the old policy (log_prob_old) to the current one
  double ratio_mean = 1.0;
  double ratio_max = 1.0;
  // |recorded by the actor - learner's| over tokens of this very version; empty when there was none to
  // compare.
  std::optional<double> logprob_gap_mean;
  std::optional<double> logprob_gap_max;
  std::vector<std::vector<double>> advantages;  // [group][response], in the order of the rollout
  double advantage_std = 0.0;                   // sample standard deviation over the rollout's responses
  int64_t zero_advantage_groups = 0;
  uint64_t first_step =
      0;  // numbers of its optimizer steps in the run, from 1; skipped ones have numbers too
  uint64_t last_step = 0;
  int64_t skipped_steps = 0;
  double learning_rate = 0.0;  // of the last step
  std::vector<StepStats> steps;
};

// Numbers that go on through a checkpoint.
struct TrainerCounters {
  uint64_t optimizer_steps = 0;  // since reinforcement learning began, skipped ones included
  uint64_t adamw_steps = 0;      // steps that AdamW took: its bias correction and the warm-up count these
  uint64_t skipped_in_a_row = 0;
};

// All that a trainer needs to go on as if it had not stopped; tensors by Hugging Face name. Random numbers
// follow from the recipe's seed and the rollout, so there is no generator state.
struct TrainerState {
  TrainerCounters counters;
  std::map<std::string, torch::Tensor> weights;  // float32 master copies
  std::map<std::string, torch::Tensor> first_moments;
  std::map<std::string, torch::Tensor> second_moments;
  std::map<std::string, torch::Tensor> reference;  // in the model's dtype; empty: there is none
};

// How a follower's life ends in order: the run is done, or its processes stop and it will go on later.
enum class FollowEnd { kDone, kStopped };

// Not thread-safe. On a group of several ranks, rank 0 calls these methods and every other rank is in
// FollowLeader, which executes what rank 0 announces; each method announces itself.
class Trainer {
 public:
  // `model` is trainable; its weights become rank 0's. `collectives` must outlive the trainer. Every rank
  // calls it.
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

struct FollowOptions {
  // Rank 0 says something (an update, KeepAlive) at least this often, or it is taken for dead.
  absl::Duration idle_timeout = absl::Hours(1);
  // Called before each wait for rank 0 and before each command is executed. Null: nothing.
  std::function<void()> waiting;
  std::function<void()> working;
};

// The life of ranks other than 0: executes what rank 0 announces until StopFollowers. An error (a lost peer,
// an error of the execution, which rank 0 met too) ends it: end the process.
absl::StatusOr<FollowEnd> FollowLeader(Trainer& trainer, Collectives& collectives,
                                       const FollowOptions& options = {});

}  // namespace drover::learner
