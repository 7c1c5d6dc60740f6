// The attentions of ops.h against the definition, in double precision and with plain loops.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "absl/functional/function_ref.h"
#include "model/ops.h"

namespace drover::model::ops {
namespace {

constexpr int64_t kRows = 2, kTokens = 9, kHeads = 4, kKeyHeads = 2, kHeadDim = 6;

struct Inputs {
  torch::Tensor query_BTHd, key_BTKd, value_BTKd;
};

Inputs RandomInputs() {
  at::manual_seed(7);
  return {at::randn({kRows, kTokens, kHeads, kHeadDim}), at::randn({kRows, kTokens, kKeyHeads, kHeadDim}),
          at::randn({kRows, kTokens, kKeyHeads, kHeadDim})};
}

double ScoreOf(const Inputs& in, int64_t b, int64_t t, int64_t s, int64_t head,
               const AttentionSettings& settings) {
  const torch::Tensor query = in.query_BTHd[b][t][head].to(at::kDouble);
  const torch::Tensor key = in.key_BTKd[b][s][head / (kHeads / kKeyHeads)].to(at::kDouble);
  const double score = (query * key).sum().item<double>() * settings.scale;
  return settings.soft_cap == 0.0 ? score : settings.soft_cap * std::tanh(score / settings.soft_cap);
}

// [H d] of token t of row b over the tokens s that it reads.
torch::Tensor Wanted(const Inputs& in, int64_t b, int64_t t, const AttentionSettings& settings,
                     absl::FunctionRef<bool(int64_t s)> reads) {
  std::vector<torch::Tensor> heads;
  for (int64_t h = 0; h < kHeads; ++h) {
    torch::Tensor sum = at::zeros({kHeadDim}, at::kDouble);
    double weights = 0.0;
    for (int64_t s = 0; s < kTokens; ++s) {
      if (!reads(s)) continue;
      const double weight = std::exp(ScoreOf(in, b, t, s, h, settings));
      sum = sum + weight * in.value_BTKd[b][s][h / (kHeads / kKeyHeads)].to(at::kDouble);
      weights += weight;
    }
    heads.push_back(sum / weights);
  }
  return at::cat(heads);
}

void ExpectClose(const torch::Tensor& got, const torch::Tensor& wanted, const std::string& where) {
  EXPECT_LT((got.to(at::kDouble) - wanted).abs().max().item<double>(), 2e-6) << where;
}

std::vector<AttentionSettings> AllSettings() {
  std::vector<AttentionSettings> all;
  for (const double cap : {0.0, 1.5}) {
    for (const int64_t window : {0, 1, 4, 9, 30}) {
      all.push_back({.scale = 0.7, .soft_cap = cap, .window = window});
    }
  }
  return all;
}

std::string Show(const AttentionSettings& s) {
  return "cap " + std::to_string(s.soft_cap) + ", window " + std::to_string(s.window);
}

TEST(CausalAttention, IsTheDefinition) {
  const Inputs in = RandomInputs();
  for (const AttentionSettings& settings : AllSettings()) {
    const torch::Tensor got = CausalAttention(in.query_BTHd, in.key_BTKd, in.value_BTKd, settings);
    for (int64_t t = 0; t < kTokens; ++t) {
      const auto reads = [&](int64_t s) {
        return s <= t && (settings.window == 0 || t - s < settings.window);
      };
      ExpectClose(got[1][t], Wanted(in, 1, t, settings, reads), Show(settings));
    }
  }
}

// Two sequences of 4 and 5 tokens that begin with the same 2: the second goes on at position 2.
TEST(MaskedAttention, AWindowIsOneOfPositions) {
  const Inputs in = RandomInputs();
  const std::vector<int64_t> positions = {0, 1, 2, 3, 2, 3, 4, 5, 6};
  const auto visible = [](int64_t t, int64_t s) { return s <= t && (t < 4 || s < 2 || s >= 4); };
  torch::Tensor visible_TT = at::zeros({kTokens, kTokens}, at::kBool);
  for (int64_t t = 0; t < kTokens; ++t) {
    for (int64_t s = 0; s < kTokens; ++s) visible_TT[t][s] = visible(t, s);
  }
  const torch::Tensor visible_BTT = visible_TT.expand({kRows, kTokens, kTokens});
  const torch::Tensor positions_BT = at::tensor(positions, at::kLong).expand({kRows, kTokens});
  for (const AttentionSettings& settings : AllSettings()) {
    const torch::Tensor got =
        MaskedAttention(in.query_BTHd, in.key_BTKd, in.value_BTKd, visible_BTT, positions_BT, settings);
    for (int64_t t = 0; t < kTokens; ++t) {
      const auto reads = [&](int64_t s) {
        return visible(t, s) && (settings.window == 0 || positions[t] - positions[s] < settings.window);
      };
      ExpectClose(got[0][t], Wanted(in, 0, t, settings, reads), Show(settings));
    }
  }
}

TEST(CachedAttention, IsTheDefinition) {
  const Inputs in = RandomInputs();
  const std::vector<int64_t> last = {5, kTokens - 1};  // of each row
  const torch::Tensor last_R = at::tensor(last, at::kLong);
  const torch::Tensor query_RHd = at::stack({in.query_BTHd[0][last[0]], in.query_BTHd[1][last[1]]});
  for (const AttentionSettings& settings : AllSettings()) {
    const torch::Tensor bias = CacheBias(last, last_R, kTokens, settings.window, at::kFloat);
    const torch::Tensor got = CachedAttention(query_RHd, in.key_BTKd.transpose(1, 2),
                                              in.value_BTKd.transpose(1, 2), bias, settings);
    for (int64_t r = 0; r < kRows; ++r) {
      const auto reads = [&](int64_t s) {
        return s <= last[r] && (settings.window == 0 || last[r] - s < settings.window);
      };
      ExpectClose(got[r], Wanted(in, r, last[r], settings, reads), Show(settings));
    }
  }
}

TEST(CacheBias, NoneWhereNothingIsHidden) {
  const std::vector<int64_t> last = {4, 4};
  const torch::Tensor last_R = at::tensor(last, at::kLong);
  EXPECT_FALSE(CacheBias(last, last_R, 5, /*window=*/0, at::kFloat).defined());
  EXPECT_FALSE(CacheBias(last, last_R, 5, /*window=*/5, at::kFloat).defined());
  EXPECT_TRUE(CacheBias(last, last_R, 5, /*window=*/4, at::kFloat).defined());
}

}  // namespace
}  // namespace drover::model::ops
