#include "learner/losses/loss_sums.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace drover::learner {

LossTotals TotalsOf(const std::vector<LossSums>& chunks) {
  LossTotals totals;
  if (chunks.empty()) return totals;
  std::vector<torch::Tensor> rows;
  for (const LossSums& chunk : chunks) {
    std::vector<torch::Tensor> fields;
    for (const auto field : kLossSums<torch::Tensor>) fields.push_back(chunk.*field);
    for (const auto field : kLossMaxima<torch::Tensor>) fields.push_back(chunk.*field);
    rows.push_back(at::stack(fields));
  }
  const torch::Tensor all = at::stack(rows).cpu();
  const torch::Tensor sums = all.sum(0);
  const torch::Tensor maxima = all.amax(0);
  for (size_t i = 0; i < kLossSums<double>.size(); ++i) {
    totals.*kLossSums<double>[i] = sums.const_data_ptr<double>()[i];
  }
  for (size_t i = 0; i < kLossMaxima<double>.size(); ++i) {
    totals.*kLossMaxima<double>[i] = maxima.const_data_ptr<double>()[kLossSums<double>.size() + i];
  }
  return totals;
}

}  // namespace drover::learner
