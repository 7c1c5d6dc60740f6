// Which terms and weights a recipe's loss is made of.
#pragma once

#include "learner/losses/loss.h"
#include "learner/losses/options.h"

namespace drover::learner {

// The loss of docs/reference/algorithm.md: the clipped surrogate, and the KL term where its coefficient is above 0.
Loss MakeLoss(const LossOptions& options);

}  // namespace drover::learner
