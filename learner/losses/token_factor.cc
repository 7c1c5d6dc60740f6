#include "learner/losses/token_factor.h"

#include <ATen/ATen.h>

#include <utility>

#include "base/check.h"

namespace drover::learner {

WeightedTerm::WeightedTerm(std::unique_ptr<LossTerm> term, std::vector<std::unique_ptr<TokenFactor>> factors)
    : term_(std::move(term)), factors_(std::move(factors)) {
  DROVER_CHECK(!factors_.empty());
}

LossNeeds WeightedTerm::needs() const {
  LossNeeds needs = term_->needs();
  for (const auto& factor : factors_) needs = needs | factor->needs();
  return needs;
}

torch::Tensor WeightedTerm::PerToken(const LossTokens& tokens, LossSums* sums) const {
  torch::Tensor product_K = factors_[0]->PerToken(tokens);
  for (size_t i = 1; i < factors_.size(); ++i) product_K = product_K * factors_[i]->PerToken(tokens);
  sums->weight = product_K.sum(at::kDouble);
  sums->masked = (product_K == 0).sum(at::kDouble);
  return product_K * term_->PerToken(tokens, sums);
}

}  // namespace drover::learner
