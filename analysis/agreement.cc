#include "analysis/agreement.h"

#include <utility>

namespace drover::analysis {

Agreement MeasureAgreement(const std::vector<std::pair<size_t, size_t>>& pairs,
                           std::vector<std::string> labels) {
  const size_t size = labels.size();
  Agreement agreement{.labels = std::move(labels),
                      .counts = std::vector<std::vector<uint64_t>>(size, std::vector<uint64_t>(size)),
                      .total = pairs.size()};
  std::vector<double> first(size), second(size);
  for (const auto& [a, b] : pairs) {
    ++agreement.counts[a][b];
    ++first[a];
    ++second[b];
  }
  if (pairs.empty()) return agreement;
  const auto total = static_cast<double>(pairs.size());
  double same = 0, chance = 0;
  for (size_t i = 0; i < size; ++i) {
    same += static_cast<double>(agreement.counts[i][i]);
    chance += first[i] * second[i];
  }
  agreement.agreed = same / total;
  chance /= total * total;
  if (chance < 1) agreement.kappa = (agreement.agreed - chance) / (1 - chance);
  return agreement;
}

}  // namespace drover::analysis
