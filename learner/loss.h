// The policy loss: the one place where it is written down.
//
// Responses o_1..o_N of one optimizer step (over all ranks and microbatches; masked ones count in N), token t
// of response i, rho_it = pi_theta(o_it) / pi_old(o_it), A_i its advantage (advantage.h), L the generation
// budget:
//
//   policy_it = -min(rho_it A_i, clip(rho_it, 1 - clip_low, 1 + clip_high) A_i)
//   kl_it     = exp(d_it) - d_it - 1,   d_it = clamp(log pi_ref(o_it) - log pi_theta(o_it), -40, 40)
//   loss      = sum_i sum_t w_i (policy_it + kl_coefficient kl_it)
//   w_i       = 1 / (N L)        CONSTANT         Dr. GRPO: no length bias
//             = 1 / (N |o_i|)    RESPONSE_LENGTH  GRPO
//
// The loss is a sum over tokens whose weights know nothing of how they are batched. So it takes a flat list of K tokens,
// of any responses in any order and without padding, and the losses of the pieces of a step add up to the step's:
// microbatches, padding and ranks cannot change it. Left out: everything whose ratio is of a sequence.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace drover::learner {

enum class Aggregation { kConstant, kResponseLength };

struct LossOptions {
  Aggregation aggregation = Aggregation::kConstant;
  double clip_low = 0.2;
  double clip_high = 0.2;
  double kl_coefficient = 0.0;  // 0: reference_logprobs_K is not looked at
  int64_t budget = 3000;        // L, tokens
};

// K response tokens; all tensors are of shape [K], of one floating dtype and device. Tokens of masked
// responses are not among them.
struct LossTokens {
  torch::Tensor logprobs_K;            // log pi_theta; the only one with a gradient
  torch::Tensor old_logprobs_K;        // log pi_old
  torch::Tensor reference_logprobs_K;  // log pi_ref; undefined without a KL term
  torch::Tensor advantages_K;          // A_i of the token's response
  torch::Tensor lengths_K;             // |o_i| of the token's response
};

// Sums over the tokens (float64 scalars without gradient, on the tokens' device), so that those of pieces add
// up; ratio_max is the maximum. Of K = 0 tokens: zeros.
struct LossSums {
  torch::Tensor clipped;  // tokens whose clipped term was taken: its gradient is zero
  torch::Tensor ratio;    // rho
  torch::Tensor ratio_max;
  torch::Tensor kl_old;        // k3 between pi_old and pi_theta: rho - 1 - log rho
  torch::Tensor kl_reference;  // kl_it; 0 without a reference
};

struct PolicyLossResult {
  torch::Tensor loss;  // scalar: this piece's share of the step's loss
  LossSums sums;
};

// `responses` is N.
PolicyLossResult PolicyLoss(const LossTokens& tokens, int64_t responses, const LossOptions& options);

// Supervised learning: -sum_k logprobs_K / tokens, where `tokens` is the number of the whole step.
torch::Tensor CrossEntropy(const torch::Tensor& logprobs_K, int64_t tokens);

}  // namespace drover::learner
