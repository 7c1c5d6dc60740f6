// Paged attention against the definition, in double precision and with plain loops, for all settings.
#include "model/ops_paged.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace drover::model::ops {
namespace {

constexpr int64_t kQueryHeads = 4, kReadHeads = 2, kWidth = 6;

struct Sequence {
  std::vector<int32_t> pages;
  torch::Tensor query_THd, key_TKd, value_TKd;  // of all its tokens
  int64_t done = 0;
};

Sequence MakeSequence(std::vector<int32_t> pages, int64_t tokens, torch::ScalarType dtype) {
  return {std::move(pages), at::randn({tokens, kQueryHeads, kWidth}, dtype),
          at::randn({tokens, kReadHeads, kWidth}, dtype), at::randn({tokens, kReadHeads, kWidth}, dtype)};
}

// [H d] of token t.
torch::Tensor Wanted(const Sequence& in, int64_t t, const AttentionSettings& settings) {
  std::vector<torch::Tensor> heads;
  for (int64_t h = 0; h < kQueryHeads; ++h) {
    const int64_t key_head = h / (kQueryHeads / kReadHeads);
    torch::Tensor sum = at::zeros({kWidth}, at::kDouble);
    double weights = 0.0;
    for (int64_t s = settings.window == 0 ? 0 : std::max<int64_t>(0, t - settings.window + 1); s <= t; ++s) {
      const torch::Tensor products =
          in.query_THd[t][h].to(at::kDouble) * in.key_TKd[s][key_head].to(at::kDouble);
      double score = products.sum().item<double>() * settings.scale;
      if (settings.soft_cap != 0.0) score = settings.soft_cap * std::tanh(score / settings.soft_cap);
      sum = sum + std::exp(score) * in.value_TKd[s][key_head].to(at::kDouble);
      weights += std::exp(score);
    }
    heads.push_back(sum / weights);
  }
  return at::cat(heads);
}

// One pass: the next tokens[i] tokens of each sequence, 0 for none.
void Pass(std::vector<Sequence>& sequences, const std::vector<int64_t>& tokens,
          const AttentionSettings& settings, KvCache* cache) {
  std::vector<Part> parts;
  std::vector<torch::Tensor> query, key, value, wanted;
  for (size_t i = 0; i < sequences.size(); ++i) {
    if (tokens[i] == 0) continue;
    Sequence& s = sequences[i];
    parts.push_back({s.done, tokens[i], s.pages});
    query.push_back(s.query_THd.narrow(0, s.done, tokens[i]));
    key.push_back(s.key_TKd.narrow(0, s.done, tokens[i]));
    value.push_back(s.value_TKd.narrow(0, s.done, tokens[i]));
    for (int64_t t = s.done; t < s.done + tokens[i]; ++t) wanted.push_back(Wanted(s, t, settings));
    s.done += tokens[i];
  }
  const PagedPass pass(parts, *cache);
  const torch::Tensor got =
      PagedAttention(pass, /*layer=*/1, at::cat(query), at::cat(key), at::cat(value), settings, cache);
  const double gap = (got.to(at::kDouble) - at::stack(wanted)).abs().max().item<double>();
  EXPECT_LT(gap, 2e-6) << "cap " << settings.soft_cap << ", window " << settings.window;
}

ModelConfig TwoLayers() {
  ModelConfig config;
  config.num_layers = 2;
  config.num_heads = kQueryHeads;
  config.num_kv_heads = kReadHeads;
  config.head_dim = kWidth;
  return config;
}

// Lengths of 1 to 70, in chunks and single tokens, in one pass and in several buckets; memory that was used before.
void ExpectDefinition(const AttentionSettings& settings, torch::ScalarType dtype) {
  KvCache cache(TwoLayers(), {.pages = 20, .dtype = dtype});
  for (const int64_t layer : {0, 1}) {
    for (torch::Tensor memory : {cache.keys(layer), cache.values(layer)}) memory.fill_(std::nan(""));
  }
  std::vector<Sequence> sequences;
  sequences.push_back(MakeSequence({3, 19, 0, 7, 12}, 80, dtype));
  sequences.push_back(MakeSequence({5, 1}, 30, dtype));
  sequences.push_back(MakeSequence({2, 9, 10}, 16, dtype));  // more than it needs yet
  sequences.push_back(MakeSequence({8, 6, 4}, 48, dtype));
  for (const std::vector<int64_t>& tokens : std::vector<std::vector<int64_t>>{
           {63, 10, 1, 0}, {1, 1, 1, 40}, {1, 1, 1, 1}, {5, 4, 1, 1}, {1, 0, 0, 1}}) {
    Pass(sequences, tokens, settings, &cache);
  }
}

// float32 goes to the kernels; double precision, which they do not take, to LibTorch as on a GPU.
TEST(PagedAttention, IsTheDefinition) {
  c10::InferenceMode inference;
  at::manual_seed(11);
  for (const torch::ScalarType dtype : {at::kFloat, at::kDouble}) {
    for (const double cap : {0.0, 1.5}) {
      for (const int64_t window : {0, 1, 5, 20, 100}) {
        ExpectDefinition({.scale = 0.7, .soft_cap = cap, .window = window}, dtype);
      }
    }
  }
}

TEST(PagedPass, OutputsAreThePartsLastTokens) {
  c10::InferenceMode inference;
  const KvCache cache(TwoLayers(), {.pages = 4});
  const std::vector<int32_t> a = {0, 1}, b = {2};
  const torch::Tensor x_ND = at::arange(6).unsqueeze(1);
  const PagedPass mixed({{.position = 14, .tokens = 4, .pages = a}, {.position = 0, .tokens = 2, .pages = b}},
                        cache);
  EXPECT_EQ(mixed.tokens(), 6);
  EXPECT_TRUE(at::equal(mixed.Outputs(x_ND), at::tensor({3, 5}).unsqueeze(1)));
  EXPECT_TRUE(at::equal(mixed.positions_N(), at::tensor({14, 15, 16, 17, 0, 1})));
}

}  // namespace
}  // namespace drover::model::ops
