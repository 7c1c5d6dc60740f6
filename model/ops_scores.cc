// Scores and weights of tokens, of ops.h.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "model/ops.h"
#include "model/ops_cpu.h"
#include "model/ops_gradients.h"

namespace drover::model::ops {
namespace {

constexpr int64_t kChunkElements = int64_t{1} << 20;  // 8 MiB of weights at a time

// Where there are no kernels of ours: by LibTorch, some rows at a time.
void WeighByTorch(const torch::Tensor& logits_RV, const std::vector<WeightsWanted>& wanted,
                  VisitWeights visit) {
  const int64_t vocabulary = logits_RV.size(1);
  const size_t chunk = static_cast<size_t>(std::max<int64_t>(1, kChunkElements / vocabulary));
  for (size_t begin = 0; begin < wanted.size(); begin += chunk) {
    const size_t count = std::min(chunk, wanted.size() - begin);
    std::vector<int64_t> rows;
    std::vector<double> temperatures;
    for (size_t i = begin; i < begin + count; ++i) {
      rows.push_back(wanted[i].row);
      temperatures.push_back(wanted[i].temperature);
    }
    const torch::Tensor logits_NV = logits_RV.index_select(0, at::tensor(rows).to(logits_RV.device()));
    const torch::Tensor temperature_N1 =
        at::tensor(temperatures, at::kDouble).to(logits_RV.device()).unsqueeze(1);
    const torch::Tensor softmax_NV = logits_NV.to(at::kDouble).div_(temperature_N1).softmax(-1).cpu();
    for (size_t i = 0; i < count; ++i) {
      const double* const row = softmax_NV.const_data_ptr<double>() + static_cast<int64_t>(i) * vocabulary;
      // A NaN or an infinite logit makes every probability of its row NaN; -inf alone is a probability of 0.
      visit(begin + i, absl::MakeConstSpan(row, vocabulary), std::isfinite(row[0]));
    }
  }
}

}  // namespace

TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy) {
  if (logits_RV.device().is_cpu() && logits_RV.scalar_type() == at::kFloat) {
    const bool gradient = at::GradMode::is_enabled() && logits_RV.requires_grad();
    return gradient ? with_gradients::ScoreTokens(logits_RV, targets_R, temperature, entropy)
                    : cpu_path::ScoreTokens(logits_RV, targets_R, temperature, entropy);
  }
  const torch::Tensor logprobs_RV =
      (temperature == 1.0 ? logits_RV : logits_RV / temperature).log_softmax(-1);
  TokenScores scores;
  scores.logprobs_R = logprobs_RV.gather(1, targets_R.unsqueeze(1)).squeeze(1);
  if (!entropy) return scores;
  at::NoGradGuard no_grad;
  // A log-probability of -inf has probability 0 and adds 0, not 0 x inf.
  const torch::Tensor plain_RV = logprobs_RV.detach();
  scores.entropy_R = -(plain_RV.exp() * plain_RV.clamp_min(-1e4)).sum(-1);
  return scores;
}

void WeighTokens(const torch::Tensor& logits_RV, const std::vector<WeightsWanted>& wanted,
                 VisitWeights visit) {
  c10::InferenceMode inference;
  if (cpu_path::Takes(logits_RV)) return cpu_path::WeighTokens(logits_RV, wanted, visit);
  WeighByTorch(logits_RV, wanted, visit);
}

}  // namespace drover::model::ops
