// The loss of an optimizer step, and the seam behind which losses are written.
//
//   the step (update.h)                                  a loss
//     before the rollout    needs()            ──────▶     what must be known of a token besides log pi_theta
//     of each response      WantsZeroAdvantage ──────▶     whether it may be left out
//     of each chunk         LossTokens [K], StepSize ──▶   Compute: the chunk's share of the loss, and LossSums
//
// A loss is terms (one number a token, with a gradient) times the token's weight, summed over tokens:
//
//   loss = sum_i sum_t w_i (factors_it term_it + another term_it + ...)
//
// The weights know the step and nothing of how it is batched. So a loss takes a flat list of K tokens, of any responses
// in any order, and the losses of the pieces of a step add up to the step's: microbatches and ranks cannot change it. A
// term whose ratio is of a whole response asks for sequence sums, since a chunk may hold a part of one.
//
// To add a term: one unit in this folder with its equation and source, and a line in MakeLoss (make_loss.h). To add a
// need: a field of LossNeeds, its tensor in LossTokens, and where the step fills it (RolloutUpdate::TokensOf).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "learner/losses/loss_sums.h"
#include "learner/losses/token_weights.h"

namespace drover::learner {

// What a term must be given.
struct LossNeeds {
  bool reference = false;       // log-probabilities of a frozen policy
  bool actor_logprobs = false;  // those that the actor recorded, whatever the old policy is
  bool sequence_sums = false;   // sums over whole responses: one more forward pass a step, without gradients
  // Sums over whole responses of old to actor's log-probabilities. For these two the whole rollout goes through a forward pass
  // before its first step, that step's responses too.
  bool correction_sums = false;
  bool rollout_entropy = false;
  bool entropy_gradient = false;  // of entropy_K
  bool values =
      false;  // of a value head. The whole rollout goes through a forward pass before its first step, too

  LossNeeds operator|(const LossNeeds& other) const;
};

// K response tokens; all tensors are of shape [K], of one floating dtype and device. Tokens of masked responses are not
// among them. What no term needs may be undefined.
struct LossTokens {
  torch::Tensor logprobs_K;  // log pi_theta; has a gradient
  torch::Tensor entropy_K;   // nats, of the whole distribution that predicts the token; a gradient if needed
  torch::Tensor old_logprobs_K;         // log pi_old
  torch::Tensor reference_logprobs_K;   // log pi_ref
  torch::Tensor actor_logprobs_K;       // as recorded while sampling
  torch::Tensor sequence_log_ratios_K;  // sum_t (log pi_theta - log pi_old) over the token's response
  torch::Tensor correction_sums_K;      // sum_t (log pi_old - log pi_actor) over the token's response
  torch::Tensor advantages_K;           // of the token; those of a response may be all the same
  torch::Tensor lengths_K;              // |o_i| of the token's response
  torch::Tensor values_K;               // of the value head, before the token; have a gradient
  torch::Tensor old_values_K;           // the same of the old policy's weights
  torch::Tensor value_targets_K;        // what the values are to become
  double rollout_entropy = 0.0;         // mean over the rollout's tokens before its first step
};

// Pure and stateless.
class LossTerm {
 public:
  virtual ~LossTerm() = default;
  virtual LossNeeds needs() const { return {}; }
  // False: a token of advantage 0 adds exactly 0 to the loss and to the gradient.
  virtual bool WantsZeroAdvantage() const = 0;
  // [K], with the gradient, its coefficient included. Fills those fields of `sums` that are its own.
  virtual torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const = 0;
};

struct LossResult {
  torch::Tensor loss;  // scalar: this piece's share of the step's loss
  LossSums sums;       // of K = 0 tokens: zeros
};

// Immutable.
class Loss {
 public:
  // `terms`: at least one. Of the options, those of the tokens' weights count.
  Loss(std::vector<std::unique_ptr<LossTerm>> terms, const LossOptions& options);

  // Of all terms together.
  LossNeeds needs() const;
  // Whether some term trains on tokens of advantage 0. If none does, leaving them out changes nothing.
  bool WantsZeroAdvantage() const;
  LossResult Compute(const LossTokens& tokens, const StepSize& step) const;

 private:
  std::vector<std::unique_ptr<LossTerm>> terms_;
  LossOptions options_;
};

}  // namespace drover::learner
