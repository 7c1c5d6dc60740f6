// The arithmetic of transformers, in one place for actor and learner: the transformer and its blocks call nothing else
// to compute, and only the implementation of this header knows what computes (LibTorch). Blocks move numbers for
// themselves: views, copies between devices and dtypes.
//
// Shapes in names: B sequences, T tokens, D hidden size, H query heads, K key heads, d head size, L cached tokens, V
// vocabulary, N and R any rows; x [..., n] has any leading dimensions. All functions have gradients unless they say
// otherwise; none keeps state.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace drover::model::ops {

// y = x weight^T + bias; the bias may be undefined.
struct LinearWeights {
  torch::Tensor weight;  // [out, in]
  torch::Tensor bias;    // [out]
};

// A weight as float32 arithmetic reads it: its value rounded to `dtype`, its gradient (a master weight's) unrounded.
torch::Tensor Rounded(const torch::Tensor& weight, torch::ScalarType dtype);

// Rows of table_VD, rounded to `dtype`, at the ids (int64, any shape): float32 [..., D].
torch::Tensor Embed(const torch::Tensor& ids, const torch::Tensor& table_VD, torch::ScalarType dtype);

// x [..., in] -> [..., out] in x's dtype, to which the weights are rounded.
torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear);

// x / sqrt(mean(x^2) + eps) * weight over the last dimension, in float32; the weight is rounded to `dtype`. Zhang and
// Sennrich, "Root Mean Square Layer Normalization" (2019).
torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& weight, double eps, torch::ScalarType dtype);

// silu(gate) * up, elementwise.
torch::Tensor GatedActivation(const torch::Tensor& gate, const torch::Tensor& up);

// x + update; into x's own memory where no gradient is wanted, since nothing needs the old residual there.
torch::Tensor AddResidual(torch::Tensor& x, const torch::Tensor& update);

// [N, V] float32 of hidden_ND and the head's [V, D], both float32.
torch::Tensor Logits(const torch::Tensor& hidden_ND, const torch::Tensor& head_VD);

// Rope: rotary positions (Su et al., "RoFormer", 2021) in the form of Hugging Face's Llama: the first half of a head is
// rotated against the second.

// cos and sin of the angles of some positions, float32, [..., 1, d]: the last dimension holds the angles of the first
// half of a head and the same again, the sines of the first half negated; the one before it spans the heads.
struct RopeAngles {
  torch::Tensor cos;
  torch::Tensor sin;
};

// frequencies: float32 [d / 2]; positions: int64, any shape.
RopeAngles MakeRopeAngles(const torch::Tensor& frequencies, const torch::Tensor& positions);

// Rotates heads [..., H, d] in float32; returns `dtype`.
torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles, torch::ScalarType dtype);

// Attention. K divides H: query head h reads key head h / (H / K).

// Causal, of whole sequences. query [B, T, H, d], key and value [B, T, K, d]. Returns [B, T, H d].
torch::Tensor CausalAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd);

// The same with visible_BTT (bool, [b, t, s]: query t reads key s, at least one each) in place of causality.
torch::Tensor MaskedAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd, const torch::Tensor& visible_BTT);

// Of one new token per row over its cache. query [R, H, d], keys and values [R, K, L, d]; bias_R11L as CacheBias gives
// it. Returns [R, H d].
torch::Tensor CachedAttention(const torch::Tensor& query_RHd, const torch::Tensor& keys_RKLd,
                              const torch::Tensor& values_RKLd, const torch::Tensor& bias_R11L);

// For rows whose last tokens have `positions` (positions_R: the same on the device), over `length` cached tokens: 0
// where a row has a token and -inf where it has none, in `dtype`; undefined when all rows have `length` tokens.
torch::Tensor CacheBias(const std::vector<int64_t>& positions, const torch::Tensor& positions_R,
                        int64_t length, torch::ScalarType dtype);

// What the distributions softmax(logits / temperature) say of one token each.
struct TokenScores {
  torch::Tensor logprobs_R;  // float32, with the logits' gradient
  // float32, nats, of the whole distribution; without gradient; undefined if not asked for.
  torch::Tensor entropy_R;
};

// logits_RV float32, targets_R int64 token ids on the same device. The log-softmax is taken in float32, row by row: a
// row's bits do not depend on its company. This is the log-probability that actors record and the one that the learner
// computes.
TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy);

}  // namespace drover::model::ops
