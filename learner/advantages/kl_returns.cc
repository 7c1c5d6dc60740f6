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

}  // namespace drover::learner
