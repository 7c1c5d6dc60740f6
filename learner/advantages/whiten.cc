#include "learner/advantages/whiten.h"

#include <algorithm>
#include <cmath>

#include "learner/advantages/options.h"

namespace drover::learner {
namespace {

// The sum over tokens of f(advantage).
template <typename Function>
double TokenSum(absl::Span<const int64_t> lengths, const std::vector<std::vector<double>>& advantages,
                Function f) {
  double sum = 0.0;
  for (size_t r = 0; r < advantages.size(); ++r) {
    const double times = advantages[r].size() == 1 ? static_cast<double>(lengths[r]) : 1.0;
    for (const double advantage : advantages[r]) sum += times * f(advantage);
  }
  return sum;
}

bool AllEqual(const std::vector<std::vector<double>>& advantages) {
  return std::all_of(advantages.begin(), advantages.end(), [&](const std::vector<double>& own) {
    return std::all_of(own.begin(), own.end(), [&](double a) { return a == advantages[0][0]; });
  });
}

}  // namespace

void Whiten(absl::Span<const int64_t> lengths, std::vector<std::vector<double>>* advantages) {
  const bool equal = AllEqual(*advantages);
  const double tokens = TokenSum(lengths, *advantages, [](double) { return 1.0; });
  const double mean = TokenSum(lengths, *advantages, [](double a) { return a; }) / tokens;
  const double squares = TokenSum(lengths, *advantages, [&](double a) { return (a - mean) * (a - mean); });
  const double divisor = std::sqrt(squares / (tokens - 1.0)) + kStdEpsilon;
  for (std::vector<double>& own : *advantages) {
    for (double& advantage : own) advantage = equal ? 0.0 : (advantage - mean) / divisor;
  }
}

}  // namespace drover::learner
