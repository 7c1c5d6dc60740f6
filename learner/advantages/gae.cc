#include "learner/advantages/gae.h"

#include <cstdint>

#include "base/check.h"

namespace drover::learner {
namespace {

// Welford's sums, one number at a time.
class Spread {
 public:
  void Add(double value) {
    const double before = value - mean_;
    mean_ += before / static_cast<double>(++count_);
    squares_ += before * (value - mean_);
  }
  double squares() const { return squares_; }

 private:
  int64_t count_ = 0;
  double mean_ = 0.0;
  double squares_ = 0.0;
};

}  // namespace

std::vector<double> GaeAdvantages(absl::Span<const double> rewards, absl::Span<const double> values,
                                  const GaeOptions& options) {
  DROVER_CHECK(rewards.size() == values.size());
  std::vector<double> advantages(rewards.size());
  double next_value = 0.0;
  double next_advantage = 0.0;
  for (size_t t = rewards.size(); t-- > 0;) {
    const double delta = rewards[t] + options.gamma * next_value - values[t];
    next_advantage = delta + options.gamma * options.lambda * next_advantage;
    next_value = values[t];
    advantages[t] = next_advantage;
  }
  return advantages;
}

std::vector<double> DiscountedReturns(absl::Span<const double> rewards, double gamma) {
  std::vector<double> returns(rewards.size());
  double ahead = 0.0;
  for (size_t t = rewards.size(); t-- > 0;) {
    ahead = rewards[t] + gamma * ahead;
    returns[t] = ahead;
  }
  return returns;
}

std::optional<double> ExplainedVariance(const std::vector<std::vector<double>>& returns,
                                        const std::vector<std::vector<double>>& values) {
  Spread all, rest;
  for (size_t r = 0; r < returns.size(); ++r) {
    for (size_t t = 0; t < returns[r].size(); ++t) {
      all.Add(returns[r][t]);
      rest.Add(returns[r][t] - values[r][t]);
    }
  }
  if (all.squares() == 0.0) return std::nullopt;
  return 1.0 - rest.squares() / all.squares();
}

}  // namespace drover::learner
