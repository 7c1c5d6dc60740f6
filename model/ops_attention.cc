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

torch::Tensor Attention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                        const torch::Tensor& value_BTKd, const std::optional<torch::Tensor>& mask,
                        bool is_causal) {
  const int64_t heads = query_BTHd.size(2);
  const torch::Tensor out_BHTd =
      at::scaled_dot_product_attention(query_BTHd.transpose(1, 2), SpreadHeads(key_BTKd, heads),
                                       SpreadHeads(value_BTKd, heads), mask, /*dropout_p=*/0.0, is_causal);
  return out_BHTd.transpose(1, 2).flatten(2);
}

}  // namespace

torch::Tensor CausalAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd) {
  return Attention(query_BTHd, key_BTKd, value_BTKd, /*mask=*/{}, /*is_causal=*/true);
}

torch::Tensor MaskedAttention(const torch::Tensor& query_BTHd, const torch::Tensor& key_BTKd,
                              const torch::Tensor& value_BTKd, const torch::Tensor& visible_BTT) {
  return Attention(query_BTHd, key_BTKd, value_BTKd, visible_BTT.unsqueeze(1), /*is_causal=*/false);
}

torch::Tensor CachedAttention(const torch::Tensor& query_RHd, const torch::Tensor& keys_RKLd,
                              const torch::Tensor& values_RKLd, const torch::Tensor& bias_R11L) {
  // The query heads that share a key head are taken for as many query positions of it: no key is copied.
  const int64_t rows = query_RHd.size(0);
  const torch::Tensor query_RKGd = query_RHd.reshape({rows, keys_RKLd.size(1), -1, query_RHd.size(2)});
  const std::optional<torch::Tensor> mask =
      bias_R11L.defined() ? std::optional<torch::Tensor>(bias_R11L) : std::nullopt;
  return at::scaled_dot_product_attention(query_RKGd, keys_RKLd, values_RKLd, mask).reshape({rows, -1});
}

torch::Tensor CacheBias(const std::vector<int64_t>& positions, const torch::Tensor& positions_R,
                        int64_t length, torch::ScalarType dtype) {
  if (*std::min_element(positions.begin(), positions.end()) == length - 1) return {};
  const torch::Tensor absent_RL = at::arange(length, positions_R.options()) > positions_R.unsqueeze(1);
  return at::zeros(absent_RL.sizes(), positions_R.options().dtype(dtype))
      .masked_fill_(absent_RL, -std::numeric_limits<double>::infinity())
      .unsqueeze(1)
      .unsqueeze(1);
}

}  // namespace drover::model::ops
