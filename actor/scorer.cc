#include "actor/scorer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/types/span.h"
#include "base/check.h"
#include "model/ops.h"

namespace drover::actor {
namespace {

constexpr int64_t kChunkElements = int64_t{1} << 20;  // 8 MiB of probabilities at a time

double SoftmaxTemperature(const SamplerOptions& options) {
  return options.temperature == 0.0 ? 1.0 : options.temperature;
}

// The logits of the draws: [draws, V], without a copy where the rows follow each other.
torch::Tensor ChosenLogits(const torch::Tensor& logits_RV, absl::Span<const int64_t> rows) {
  bool consecutive = true;
  for (size_t i = 1; i < rows.size(); ++i) consecutive &= rows[i] == rows[i - 1] + 1;
  if (consecutive) return logits_RV.narrow(0, rows[0], static_cast<int64_t>(rows.size()));
  return logits_RV.index_select(
      0, at::tensor(std::vector<int64_t>(rows.begin(), rows.end())).to(logits_RV.device()));
}

// softmax(logits / temperature) in double precision: [draws, V] on the CPU.
torch::Tensor Probabilities(const torch::Tensor& logits_NV, absl::Span<const Draw> draws) {
  std::vector<double> temperatures;
  for (const Draw& draw : draws) temperatures.push_back(SoftmaxTemperature(draw.options));
  const torch::Tensor temperature_N1 =
      at::tensor(temperatures, at::kDouble).to(logits_NV.device()).unsqueeze(1);
  return logits_NV.to(at::kDouble).div_(temperature_N1).softmax(-1).cpu();
}

// Fills in the log-probabilities, by the function with which the learner computes them: once for each temperature.
void ScoreDrawn(const torch::Tensor& logits_NV, absl::Span<const Draw> draws, absl::Span<Drawn> drawn) {
  std::map<double, std::vector<int64_t>> by_temperature;
  for (size_t i = 0; i < draws.size(); ++i) {
    by_temperature[SoftmaxTemperature(draws[i].options)].push_back(static_cast<int64_t>(i));
  }
  for (const auto& [temperature, rows] : by_temperature) {
    std::vector<int64_t> tokens;
    for (int64_t row : rows) tokens.push_back(drawn[row].token);
    const torch::Tensor logprobs_N =
        model::ops::ScoreTokens(ChosenLogits(logits_NV, rows), at::tensor(tokens).to(logits_NV.device()),
                                temperature, /*entropy=*/false)
            .logprobs_R.cpu();
    for (size_t i = 0; i < rows.size(); ++i) drawn[rows[i]].logprob = logprobs_N.const_data_ptr<float>()[i];
  }
}

}  // namespace

std::vector<Drawn> DrawTokens(const torch::Tensor& logits_RV, const std::vector<int64_t>& rows,
                              const std::vector<Draw>& draws) {
  DROVER_CHECK(rows.size() == draws.size());
  c10::InferenceMode inference;
  const int64_t vocabulary = logits_RV.size(1);
  const size_t chunk = static_cast<size_t>(std::max<int64_t>(1, kChunkElements / vocabulary));
  std::vector<Drawn> drawn(draws.size());
  for (size_t begin = 0; begin < draws.size(); begin += chunk) {
    const size_t count = std::min(chunk, draws.size() - begin);
    const auto part = absl::MakeConstSpan(draws).subspan(begin, count);
    const torch::Tensor logits_NV = ChosenLogits(logits_RV, absl::MakeConstSpan(rows).subspan(begin, count));
    const torch::Tensor probabilities_NV = Probabilities(logits_NV, part);
    const double* row = probabilities_NV.const_data_ptr<double>();
    for (size_t i = 0; i < count; ++i, row += vocabulary) {
      Drawn& one = drawn[begin + i];
      // A NaN or an infinite logit makes every probability of its row NaN; -inf alone is a probability of 0.
      one.finite = std::isfinite(row[0]);
      if (one.finite) {
        one.token = PickToken(absl::MakeConstSpan(row, vocabulary), part[i].options, part[i].uniform);
      }
    }
    ScoreDrawn(logits_NV, part, absl::MakeSpan(drawn).subspan(begin, count));
  }
  return drawn;
}

}  // namespace drover::actor
