#include "actor/scorer.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace drover::actor {
namespace {

constexpr int64_t kChunkElements = int64_t{1} << 20;  // 8 MiB of probabilities at a time

double SoftmaxTemperature(const SamplerOptions& options) {
  return options.temperature == 0.0 ? 1.0 : options.temperature;
}

// softmax(logits / temperature) of the draws' rows, in double precision: [draws, V] on the CPU.
torch::Tensor Probabilities(const torch::Tensor& logits_RV, const std::vector<int64_t>& rows,
                            const std::vector<Draw>& draws, size_t begin, size_t count) {
  std::vector<int64_t> chosen(rows.begin() + begin, rows.begin() + begin + count);
  std::vector<double> temperatures;
  for (size_t i = begin; i < begin + count; ++i) temperatures.push_back(SoftmaxTemperature(draws[i].options));
  const torch::Tensor index = at::tensor(chosen).to(logits_RV.device());
  const torch::Tensor temperature_N1 =
      at::tensor(temperatures, at::kDouble).to(logits_RV.device()).unsqueeze(1);
  return logits_RV.index_select(0, index).to(at::kDouble).div_(temperature_N1).softmax(-1).cpu();
}

Drawn DrawOne(absl::Span<const double> probabilities, const Draw& draw) {
  Drawn drawn;
  drawn.token = PickToken(probabilities, draw.options, draw.uniform);
  drawn.logprob = static_cast<float>(std::log(probabilities[drawn.token]));
  drawn.finite = true;
  return drawn;
}

}  // namespace

std::vector<Drawn> DrawTokens(const torch::Tensor& logits_RV, const std::vector<int64_t>& rows,
                              const std::vector<Draw>& draws) {
  DROVER_CHECK(rows.size() == draws.size());
  c10::InferenceMode inference;
  const int64_t vocabulary = logits_RV.size(1);
  const size_t chunk = static_cast<size_t>(std::max<int64_t>(1, kChunkElements / vocabulary));
  std::vector<Drawn> drawn;
  drawn.reserve(draws.size());
  for (size_t begin = 0; begin < draws.size(); begin += chunk) {
    const size_t count = std::min(chunk, draws.size() - begin);
    const torch::Tensor probabilities_NV = Probabilities(logits_RV, rows, draws, begin, count);
    const double* row = probabilities_NV.const_data_ptr<double>();
    for (size_t i = 0; i < count; ++i, row += vocabulary) {
      // A NaN or an infinite logit makes every probability of its row NaN; -inf alone is a probability of 0.
      drawn.push_back(std::isfinite(row[0]) ? DrawOne(absl::MakeConstSpan(row, vocabulary), draws[begin + i])
                                            : Drawn());
    }
  }
  return drawn;
}

}  // namespace drover::actor
