#include "services/run/retention.h"

#include <algorithm>

#include "base/check.h"

namespace drover::run {

Retained Retain(const Retention& retention, const std::vector<uint64_t>& steps,
                const std::map<uint64_t, double>& scores) {
  DROVER_CHECK(!steps.empty() && retention.newest >= 1);
  Retained retained;
  const size_t old = steps.size() - std::min(retention.newest, steps.size());
  retained.oldest_newest = steps[old];
  retained.steps.insert(steps.begin() + static_cast<long>(old), steps.end());
  for (const uint64_t step : steps) {
    if (retention.every > 0 && step % retention.every == 0) retained.steps.insert(step);
  }
  std::vector<uint64_t> evaluated;
  for (const uint64_t step : steps) {
    if (scores.count(step) > 0) evaluated.push_back(step);
  }
  std::sort(evaluated.begin(), evaluated.end(), [&](uint64_t a, uint64_t b) {
    const double score_a = scores.at(a), score_b = scores.at(b);
    return score_a != score_b ? score_a > score_b : a > b;
  });
  evaluated.resize(std::min(retention.best, evaluated.size()));
  retained.steps.insert(evaluated.begin(), evaluated.end());
  return retained;
}

}  // namespace drover::run
