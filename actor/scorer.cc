#include "actor/scorer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <cstdint>
#include <map>

#include "absl/types/span.h"
#include "base/check.h"
#include "model/ops.h"

namespace drover::actor {
namespace {

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

// The most probable tokens; their log-probabilities yet without the drawn token's, which is computed later.
std::vector<TokenLogprob> WeighTop(absl::Span<const double> weights_V, uint32_t count, uint32_t drawn) {
  std::vector<TokenLogprob> top;
  for (const uint32_t token : MostProbableTokens(weights_V, count)) {
    top.push_back({token, static_cast<float>(std::log(weights_V[token] / weights_V[drawn]))});
  }
  return top;
}

// Fills in the log-probabilities, by the function with which the learner computes them: once for each temperature.
void ScoreDrawn(const torch::Tensor& logits_RV, absl::Span<const int64_t> rows, absl::Span<const Draw> draws,
                absl::Span<Drawn> drawn) {
  std::map<double, std::vector<size_t>> by_temperature;
  for (size_t i = 0; i < draws.size(); ++i) {
    by_temperature[SoftmaxTemperature(draws[i].options)].push_back(i);
  }
  for (const auto& [temperature, which] : by_temperature) {
    std::vector<int64_t> tokens, logits_rows;
    for (size_t i : which) {
      tokens.push_back(drawn[i].token);
      logits_rows.push_back(rows[i]);
    }
    const torch::Tensor logprobs_N =
        model::ops::ScoreTokens(ChosenLogits(logits_RV, logits_rows),
                                at::tensor(tokens).to(logits_RV.device()), temperature, /*entropy=*/false)
            .logprobs_R.cpu();
    for (size_t i = 0; i < which.size(); ++i) {
      Drawn& one = drawn[which[i]];
      one.logprob = logprobs_N.const_data_ptr<float>()[i];
      for (TokenLogprob& other : one.top) other.logprob += one.logprob;
    }
  }
}

}  // namespace

std::vector<Drawn> DrawTokens(const torch::Tensor& logits_RV, const std::vector<int64_t>& rows,
                              const std::vector<Draw>& draws) {
  DROVER_CHECK(rows.size() == draws.size());
  c10::InferenceMode inference;
  std::vector<model::ops::WeightsWanted> wanted;
  for (size_t i = 0; i < rows.size(); ++i) wanted.push_back({rows[i], SoftmaxTemperature(draws[i].options)});
  std::vector<Drawn> drawn(draws.size());
  model::ops::WeighTokens(logits_RV, wanted, [&](size_t i, absl::Span<const double> weights_V, bool finite) {
    drawn[i].finite = finite;
    if (!finite) return;
    drawn[i].token = PickToken(weights_V, draws[i].options, draws[i].uniform);
    if (draws[i].top_tokens > 0) drawn[i].top = WeighTop(weights_V, draws[i].top_tokens, drawn[i].token);
  });
  ScoreDrawn(logits_RV, rows, draws, absl::MakeSpan(drawn));
  return drawn;
}

}  // namespace drover::actor
