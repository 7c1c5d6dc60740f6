// The pieces of a transformer layer as functions of tensors.
#pragma once

#include <torch/types.h>

namespace drover::model {

// x / sqrt(mean(x^2) + eps) * weight over the last dimension; x float32, weight of any floating dtype. Zhang and
// Sennrich, "Root Mean Square Layer Normalization" (2019).
torch::Tensor RmsNorm(const torch::Tensor& x, const torch::Tensor& weight, double eps);

// Causal attention of whole sequences. query [B, T, H, d], key and value [B, T, K, d] with K dividing H: query head h
// reads key head h / (H / K). Returns [B, T, H d].
torch::Tensor CausalAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd);

// The same with visible_BTT (bool, [b, t, s]: query t reads key s, at least one each) in place of causality.
torch::Tensor MaskedAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd, const torch::Tensor& visible_BTT);

// Attention of one new token per row over its cache. query [R, H, d], keys and values [R, K, L, d]; bias_R11L is 0
// where a row has a token and -inf where it has none, in the query's dtype, or undefined when all rows have L tokens.
// Returns [R, H d].
torch::Tensor CachedAttention(const torch::Tensor& query_RHd, const torch::Tensor& keys_RKLd,
                              const torch::Tensor& values_RKLd, const torch::Tensor& bias_R11L);

}  // namespace drover::model
