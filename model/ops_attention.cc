// Attention of ops.h.
#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "model/ops.h"

namespace drover::model::ops {
namespace {

// [B, T, K, d] -> [B, H, T, d], each key head repeated for the query heads that read it.
torch::Tensor SpreadHeads(const torch::Tensor& heads_BTKd, int64_t query_heads) {
  const torch::Tensor heads_BKTd = heads_BTKd.transpose(1, 2);
  const int64_t kv_heads = heads_BKTd.size(1);
  if (kv_heads == query_heads) return heads_BKTd;
  return heads_BKTd.unsqueeze(2)
      .expand({-1, -1, query_heads / kv_heads, -1, -1})
      .reshape({heads_BKTd.size(0), query_heads, heads_BKTd.size(2), heads_BKTd.size(3)});
}

// [t, s]: whether token t of a sequence reads token s; window 0: none.
torch::Tensor CausalMask(int64_t length, int64_t window, torch::Device device) {
  torch::Tensor visible_TT = at::ones({length, length}, at::TensorOptions(at::kBool).device(device)).tril();
  return window == 0 ? visible_TT : visible_TT.triu(1 - window);
}

// Softmax attention with capped scores: LibTorch's own knows no cap. query [B, H, T, d], key and value [B, H, S, d];
// the mask (bool or added) spreads to [B, H, T, S].
torch::Tensor CappedAttention(const torch::Tensor& query, const torch::Tensor& key,
                              const torch::Tensor& value, const std::optional<torch::Tensor>& mask,
                              const AttentionSettings& settings) {
  torch::Tensor scores = at::matmul(query, key.transpose(-2, -1)).to(at::kFloat) * settings.scale;
  scores = at::tanh(scores / settings.soft_cap) * settings.soft_cap;
  if (mask && mask->scalar_type() == at::kBool) {
    scores = scores.masked_fill(mask->logical_not(), -std::numeric_limits<double>::infinity());
  } else if (mask) {
    scores = scores + *mask;
  }
  return at::matmul(scores.softmax(-1).to(value.scalar_type()), value);
}

// As CappedAttention, capped or not. Without a mask all is visible, or what is causal.
torch::Tensor Attend(const torch::Tensor& query, const torch::Tensor& key, const torch::Tensor& value,
                     std::optional<torch::Tensor> mask, bool is_causal, const AttentionSettings& settings) {
  if (settings.soft_cap == 0.0) {
    return at::scaled_dot_product_attention(query, key, value, mask, /*dropout_p=*/0.0, is_causal,
                                            settings.scale);
  }
  if (is_causal) mask = CausalMask(query.size(2), /*window=*/0, query.device());
  return CappedAttention(query, key, value, mask, settings);
}

torch::Tensor Attention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                        const torch::Tensor& value_BTKd, const std::optional<torch::Tensor>& mask,
                        bool is_causal, const AttentionSettings& settings) {
  const int64_t heads = query_BTHd.size(2);
  const torch::Tensor out_BHTd = Attend(query_BTHd.transpose(1, 2), SpreadHeads(key_BTKd, heads),
                                        SpreadHeads(value_BTKd, heads), mask, is_causal, settings);
  return out_BHTd.transpose(1, 2).flatten(2);
}

// A window that `length` tokens do not fill bounds nothing.
bool Bounds(const AttentionSettings& settings, int64_t length) {
  return settings.window > 0 && settings.window < length;
}

}  // namespace

torch::Tensor CausalAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd, const AttentionSettings& settings) {
  const int64_t length = query_BTHd.size(1);
  if (!Bounds(settings, length)) {
    return Attention(query_BTHd, key_BTKd, value_BTKd, /*mask=*/{}, /*is_causal=*/true, settings);
  }
  const torch::Tensor visible_TT = CausalMask(length, settings.window, query_BTHd.device());
  return Attention(query_BTHd, key_BTKd, value_BTKd, visible_TT, /*is_causal=*/false, settings);
}

torch::Tensor MaskedAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd, const torch::Tensor& visible_BTT,
                              const torch::Tensor& positions_BT, const AttentionSettings& settings) {
  torch::Tensor mask_BTT = visible_BTT;
  if (Bounds(settings, query_BTHd.size(1))) {
    const torch::Tensor behind_BTT = positions_BT.unsqueeze(2) - positions_BT.unsqueeze(1);
    mask_BTT = mask_BTT.logical_and(behind_BTT < settings.window);
  }
  return Attention(query_BTHd, key_BTKd, value_BTKd, mask_BTT.unsqueeze(1), /*is_causal=*/false, settings);
}

torch::Tensor CachedAttention(const torch::Tensor& query_RHd, const torch::Tensor& keys_RKLd,
                              const torch::Tensor& values_RKLd, const torch::Tensor& bias_R11L,
                              const AttentionSettings& settings) {
  // The query heads that share a key head are taken for as many query positions of it: no key is copied.
  const int64_t rows = query_RHd.size(0);
  const torch::Tensor query_RKGd = query_RHd.reshape({rows, keys_RKLd.size(1), -1, query_RHd.size(2)});
  const std::optional<torch::Tensor> mask =
      bias_R11L.defined() ? std::optional<torch::Tensor>(bias_R11L) : std::nullopt;
  return Attend(query_RKGd, keys_RKLd, values_RKLd, mask, /*is_causal=*/false, settings).reshape({rows, -1});
}

torch::Tensor CacheBias(const std::vector<int64_t>& positions, const torch::Tensor& positions_R,
                        int64_t length, int64_t window, torch::ScalarType dtype) {
  const bool all_present = *std::min_element(positions.begin(), positions.end()) == length - 1;
  if (all_present && (window == 0 || window >= length)) return {};
  const torch::Tensor at_L = at::arange(length, positions_R.options());
  torch::Tensor absent_RL = at_L > positions_R.unsqueeze(1);
  if (window > 0) absent_RL = absent_RL.logical_or(at_L <= positions_R.unsqueeze(1) - window);
  return at::zeros(absent_RL.sizes(), positions_R.options().dtype(dtype))
      .masked_fill_(absent_RL, -std::numeric_limits<double>::infinity())
      .unsqueeze(1)
      .unsqueeze(1);
}

}  // namespace drover::model::ops
