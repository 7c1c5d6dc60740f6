// What multiplies a term's tokens and has no gradient: importance weights and masks. A token of factor 0 leaves the sum and
// stays in the denominators.
#pragma once

#include <memory>
#include <vector>

#include "learner/losses/loss.h"

namespace drover::learner {

// Pure and stateless.
class TokenFactor {
 public:
  virtual ~TokenFactor() = default;
  virtual LossNeeds needs() const = 0;
  // [K], 0 or more and finite, without gradient.
  virtual torch::Tensor PerToken(const LossTokens& tokens) const = 0;
};

// term_it times its factors. Counts their product as `weight`, and the tokens where it is 0 as `masked`.
class WeightedTerm : public LossTerm {
 public:
  // `factors`: at least one.
  WeightedTerm(std::unique_ptr<LossTerm> term, std::vector<std::unique_ptr<TokenFactor>> factors);

  LossNeeds needs() const override;
  bool WantsZeroAdvantage() const override { return term_->WantsZeroAdvantage(); }
  torch::Tensor PerToken(const LossTokens& tokens, LossSums* sums) const override;

 private:
  const std::unique_ptr<LossTerm> term_;
  const std::vector<std::unique_ptr<TokenFactor>> factors_;
};

}  // namespace drover::learner
