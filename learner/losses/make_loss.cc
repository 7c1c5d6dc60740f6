#include "learner/losses/make_loss.h"

#include <memory>
#include <utility>
#include <vector>

#include "learner/losses/cispo.h"
#include "learner/losses/clipped_surrogate.h"
#include "learner/losses/entropy_bonus.h"
#include "learner/losses/importance_correction.h"
#include "learner/losses/kl_to_reference.h"
#include "learner/losses/off_policy_mask.h"
#include "learner/losses/reinforce.h"
#include "learner/losses/token_factor.h"
#include "learner/losses/value.h"

namespace drover::learner {
namespace {

std::unique_ptr<LossTerm> MakeSurrogate(const LossOptions& options) {
  switch (options.surrogate) {
    case Surrogate::kClipped:
      break;
    case Surrogate::kCispo:
      return std::make_unique<Cispo>(options.clip_low, options.clip_high, options.ratio);
    case Surrogate::kReinforce:
      return std::make_unique<Reinforce>();
  }
  return std::make_unique<ClippedSurrogate>(options.clip_low, options.clip_high, options.dual_clip,
                                            options.ratio);
}

// The surrogate times its factors, if it has any.
std::unique_ptr<LossTerm> MakePolicyTerm(const LossOptions& options) {
  std::unique_ptr<LossTerm> surrogate = MakeSurrogate(options);
  std::vector<std::unique_ptr<TokenFactor>> factors;
  if (options.correction.kind != CorrectionKind::kNone) {
    factors.push_back(std::make_unique<ImportanceCorrection>(options.correction));
  }
  if (options.off_policy_mask > 0.0) {
    factors.push_back(std::make_unique<OffPolicyMask>(options.off_policy_mask));
  }
  if (factors.empty()) return surrogate;
  return std::make_unique<WeightedTerm>(std::move(surrogate), std::move(factors));
}

}  // namespace

std::vector<std::unique_ptr<LossTerm>> MakeLossTerms(const LossOptions& options) {
  std::vector<std::unique_ptr<LossTerm>> terms;
  terms.push_back(MakePolicyTerm(options));
  if (options.kl_coefficient > 0.0) {
    terms.push_back(std::make_unique<KlToReference>(options.kl_coefficient, options.kl_estimator));
  }
  if (options.entropy_coefficient > 0.0) {
    terms.push_back(std::make_unique<EntropyBonus>(options.entropy_coefficient, options.entropy_floor));
  }
  if (options.value_coefficient > 0.0) {
    terms.push_back(std::make_unique<ValueLoss>(options.value_coefficient, options.value_clip));
  }
  return terms;
}

Loss MakeLoss(const LossOptions& options) { return Loss(MakeLossTerms(options), options); }

}  // namespace drover::learner
