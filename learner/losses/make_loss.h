// Which terms and weights a recipe's loss is made of.
#pragma once

#include <memory>
#include <vector>

#include "learner/losses/loss.h"
#include "learner/losses/options.h"

namespace drover::learner {

// The loss of docs/reference/losses.md: the surrogate times its importance weights and masks, and the terms of KL, entropy and
// values where their coefficients are above 0.
Loss MakeLoss(const LossOptions& options);

// Its terms.
std::vector<std::unique_ptr<LossTerm>> MakeLossTerms(const LossOptions& options);

}  // namespace drover::learner
