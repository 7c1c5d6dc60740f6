// The arithmetic of transformers, in one place for actor and learner: the transformer and its blocks call nothing else
// to compute, and only the implementation of this header knows what computes: on the CPU kernels of our own
// (ops_cpu.h; with gradients ops_gradients.h), whose bits for a row or a token do not depend on what is computed with it,
// elsewhere LibTorch. Blocks move numbers for themselves: views, copies between devices and dtypes.
//
// Shapes in names: B sequences, T tokens, D hidden size, H query heads, K key heads, d head size, L cached tokens, V
// vocabulary, N and R any rows; x [..., n] has any leading dimensions. All functions have gradients unless they say
// otherwise; none keeps state.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "model/op_settings.h"
#include "model/op_types.h"

namespace drover::model::ops {

// Whether what is computed of such a tensor has, for a row or a token, bits that do not depend on what is computed with it:
// on the CPU in float32 and bfloat16.
bool RowsStandAlone(const torch::Tensor& tensor);

// A weight as float32 arithmetic reads it: its value rounded to `dtype`, its gradient (a master weight's) unrounded.
torch::Tensor Rounded(const torch::Tensor& weight, torch::ScalarType dtype);

// Rows of table_VD at the ids (int64, any shape), times the scale, both rounded to `dtype`: float32 [..., D].
torch::Tensor Embed(const torch::Tensor& ids, const torch::Tensor& table_VD, double scale,
                    torch::ScalarType dtype);

// x [..., in] -> [..., out]; the weights are rounded to x's dtype. In `out`, x's dtype or float32: then the sums are not
// rounded on the CPU; LibTorch rounds them to x's dtype in any case, and they are left so.
torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear, torch::ScalarType out);

// x / sqrt(mean(x^2) + eps) * (offset + weight) over the last dimension, computed in float32, the weight rounded to
// `dtype`; returned in `out`. Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019).
torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& weight, const NormSettings& settings,
                   torch::ScalarType dtype, torch::ScalarType out);

// activation(gate) * up, elementwise.
torch::Tensor GatedActivation(const torch::Tensor& gate, const torch::Tensor& up, Activation activation);

// x + update; into x's own memory where no gradient is wanted, since nothing needs the old residual there.
torch::Tensor AddResidual(torch::Tensor& x, const torch::Tensor& update);

// The same with in W^T + bias for the update; x float32.
torch::Tensor AddLinear(torch::Tensor& x, const torch::Tensor& in, const LinearWeights& linear);

// [N, V] float32 of hidden_ND float32 and the head's [V, D] rounded to `dtype`: their products s, or c tanh(s / c) with a
// soft cap c > 0. On the CPU hidden is rounded to `dtype` before; LibTorch multiplies in float32.
torch::Tensor Logits(const torch::Tensor& hidden_ND, const LinearWeights& head, double soft_cap,
                     torch::ScalarType dtype);

// Rope: rotary positions (Su et al., "RoFormer", 2021) in the form of Hugging Face's Llama: the first half of a head is
// rotated against the second. Where only the first r < d numbers of a head are rotated, that holds for these.

// frequencies: float32 [r / 2]; positions: int64, any shape. Both cos and sin are multiplied by `scale`.
RopeAngles MakeRopeAngles(const torch::Tensor& frequencies, double scale, const torch::Tensor& positions);

// Rotates heads [..., H, d] in float32, for angles of positions [...]; returns `dtype`.
torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles, torch::ScalarType dtype);

// Attention. K divides H: query head h reads key head h / (H / K). The softmax is taken of the products of query and key,
// scaled and capped as the settings say, over the tokens that are visible and within the settings' window.

// Causal, of whole sequences. query [B, T, H, d], key and value [B, T, K, d]. Returns [B, T, H d].
torch::Tensor CausalAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd, const AttentionSettings& settings);

// The same with visible_BTT (bool, [b, t, s]: query t reads key s, at least itself) in place of causality. A window is
// one of positions_BT (int64).
torch::Tensor MaskedAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd, const torch::Tensor& visible_BTT,
                              const torch::Tensor& positions_BT, const AttentionSettings& settings);

// Of one new token per row over its cache. query [R, H, d], keys and values [R, K, L, d]; bias_R11L as CacheBias gives
// it for the settings' window. Returns [R, H d].
torch::Tensor CachedAttention(const torch::Tensor& query_RHd, const torch::Tensor& keys_RKLd,
                              const torch::Tensor& values_RKLd, const torch::Tensor& bias_R11L,
                              const AttentionSettings& settings);

// For rows whose last tokens have `positions` (positions_R: the same on the device), over `length` cached tokens: 0
// where a row has a token within its `window` (0: any token) and -inf elsewhere, in `dtype`; undefined when that is
// nowhere.
torch::Tensor CacheBias(const std::vector<int64_t>& positions, const torch::Tensor& positions_R,
                        int64_t length, int64_t window, torch::ScalarType dtype);

// logits_RV float32, targets_R int64 token ids on the same device. The log-softmax is taken of float32 numbers, row by row:
// a row's bits do not depend on its company. This is the log-probability that actors record and the one that the learner
// computes. On the CPU the backward pass writes the gradient of logits that are no leaf into their own memory.
TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy);

// Calls visit(i, ...) once for each of `wanted`, from several threads at once and in any order. No gradients.
void WeighTokens(const torch::Tensor& logits_RV, const std::vector<WeightsWanted>& wanted,
                 VisitWeights visit);

}  // namespace drover::model::ops
