#include "learner/losses/make_loss.h"

#include <memory>
#include <utility>
#include <vector>

#include "learner/losses/clipped_surrogate.h"
#include "learner/losses/kl_to_reference.h"

namespace drover::learner {

Loss MakeLoss(const LossOptions& options) {
  std::vector<std::unique_ptr<LossTerm>> terms;
  terms.push_back(std::make_unique<ClippedSurrogate>(options.clip_low, options.clip_high));
  if (options.kl_coefficient > 0.0) terms.push_back(std::make_unique<KlToReference>(options.kl_coefficient));
  return Loss(std::move(terms), options.aggregation, options.budget);
}

}  // namespace drover::learner
