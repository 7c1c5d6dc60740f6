#include "learner/advantages/kl_returns.h"

namespace drover::learner {

std::vector<double> KlReturns(double reward, absl::Span<const double> penalties, bool to_go) {
  if (penalties.empty()) return {reward};
  std::vector<double> returns(penalties.size());
  double ahead = 0.0;
  for (size_t t = penalties.size(); t-- > 0;) {
    ahead += penalties[t];
    returns[t] = reward - ahead;
  }
  if (!to_go) returns.resize(1);
  return returns;
}

std::vector<double> TokenRewards(double reward, absl::Span<const double> penalties, bool to_go,
                                 size_t length) {
  std::vector<double> rewards(length, 0.0);
  if (to_go) {
    for (size_t t = 0; t < penalties.size(); ++t) rewards[t] = -penalties[t];
    rewards.back() += reward;
  } else {
    rewards.back() = KlReturns(reward, penalties, /*to_go=*/false)[0];
  }
  return rewards;
}

}  // namespace drover::learner
