#include "model/attention_gradients.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace drover::model::ops {
namespace {

constexpr int64_t kQueries = 256;  // of a segment at a time

// float32 gradients that gather over the segments: [N, K, G, d] and [N, K, d].
struct Sums {
  torch::Tensor query_NKGd, key_NKd, value_NKd;
};

// [q, s]: which of the keys 0.. of a sequence the tokens at positions first.. do not see.
torch::Tensor Hidden(int64_t first, int64_t queries, int64_t keys, int64_t window) {
  const torch::Tensor behind =
      at::arange(first, first + queries, at::kLong).unsqueeze(1) - at::arange(keys, at::kLong);
  const torch::Tensor hidden = behind < 0;
  return window > 0 ? hidden.logical_or(behind >= window) : hidden;
}

// The sequence's keys or values before `end`, of which the prefix stands elsewhere: [K, 1, S, d].
torch::Tensor Gather(const torch::Tensor& all_NKd, const Segment& segment, int64_t end) {
  torch::Tensor own = all_NKd.narrow(0, segment.begin, end - segment.prefix);
  if (segment.prefix > 0) own = at::cat({all_NKd.narrow(0, segment.prefix_begin, segment.prefix), own});
  return own.transpose(0, 1).unsqueeze(1);
}

// The inverse: adds [K, S, d].
void Scatter(const torch::Tensor& gradient_KSd, const Segment& segment, const torch::Tensor& sum_NKd) {
  const torch::Tensor gradient_SKd = gradient_KSd.transpose(0, 1);
  const int64_t own = gradient_SKd.size(0) - segment.prefix;
  sum_NKd.narrow(0, segment.begin, own).add_(gradient_SKd.narrow(0, segment.prefix, own));
  if (segment.prefix == 0) return;
  sum_NKd.narrow(0, segment.prefix_begin, segment.prefix).add_(gradient_SKd.narrow(0, 0, segment.prefix));
}

// Tokens [begin, begin + count) of a segment. The pass holds float32 numbers, heads in groups of their key head:
// [N, K, G, d].
void Block(const AttentionPass& pass, const Segment& segment, int64_t begin, int64_t count,
           const AttentionSettings& settings, const Sums& sums) {
  const int64_t first = segment.prefix + begin;  // position
  const auto rows = [&](const torch::Tensor& all) {
    return all.narrow(0, segment.begin + begin, count).permute({1, 2, 0, 3});  // [K, G, count, d]
  };
  const torch::Tensor query = rows(pass.query_NHd);
  const torch::Tensor gradient = rows(pass.gradient_NHd);
  const torch::Tensor key = Gather(pass.key_NKd, segment, first + count);
  const torch::Tensor value = Gather(pass.value_NKd, segment, first + count);
  torch::Tensor scores = at::matmul(query, key.transpose(-2, -1)) * settings.scale;
  if (settings.soft_cap > 0.0) scores = at::tanh(scores / settings.soft_cap) * settings.soft_cap;
  const torch::Tensor hidden = Hidden(first, count, first + count, settings.window);
  const torch::Tensor seen = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity()).softmax(-1);
  const torch::Tensor along = (gradient * rows(pass.out_NHd)).sum(-1, /*keepdim=*/true);
  torch::Tensor of_scores = seen * (at::matmul(gradient, value.transpose(-2, -1)) - along) * settings.scale;
  if (settings.soft_cap > 0.0) {
    const torch::Tensor part = scores / settings.soft_cap;
    of_scores = of_scores * (1.0 - part * part);
  }
  rows(sums.query_NKGd).copy_(at::matmul(of_scores, key));
  Scatter(at::matmul(of_scores.transpose(-2, -1), query).sum(1), segment, sums.key_NKd);
  Scatter(at::matmul(seen.transpose(-2, -1), gradient).sum(1), segment, sums.value_NKd);
}

}  // namespace

AttentionGradients AttentionBackward(const AttentionPass& pass, const std::vector<Segment>& segments,
                                     const AttentionSettings& settings) {
  at::NoGradGuard no_grad;
  const int64_t tokens = pass.query_NHd.size(0);
  const int64_t key_heads = pass.key_NKd.size(1);
  const int64_t head_dim = pass.query_NHd.size(2);
  const auto grouped = [&](const torch::Tensor& heads) {
    return heads.to(at::kFloat).reshape({tokens, key_heads, -1, head_dim});
  };
  const AttentionPass wide = {grouped(pass.query_NHd), pass.key_NKd.to(at::kFloat),
                              pass.value_NKd.to(at::kFloat), grouped(pass.out_NHd),
                              grouped(pass.gradient_NHd)};
  const Sums sums = {at::zeros_like(wide.query_NHd), at::zeros_like(wide.key_NKd),
                     at::zeros_like(wide.value_NKd)};
  for (const Segment& segment : segments) {
    for (int64_t begin = 0; begin < segment.tokens; begin += kQueries) {
      Block(wide, segment, begin, std::min(kQueries, segment.tokens - begin), settings, sums);
    }
  }
  const torch::ScalarType dtype = pass.query_NHd.scalar_type();
  return {sums.query_NKGd.reshape(pass.query_NHd.sizes()).to(dtype), sums.key_NKd.to(dtype),
          sums.value_NKd.to(dtype)};
}

}  // namespace drover::model::ops
