#include "learner/recipe_options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::learner {
namespace {

// The option of a recipe's word. A word that is in no pair is _UNSPECIFIED.
template <typename Word, typename Option, size_t N>
absl::StatusOr<Option> Find(const char* field, Word word, const std::pair<Word, Option> (&pairs)[N]) {
  for (const auto& [known, option] : pairs) {
    if (known == word) return option;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is not set: the recipe's defaults must be filled in first"));
}

constexpr std::pair<v1::AdvantageBaseline, Baseline> kBaselines[] = {
    {v1::GROUP_MEAN, Baseline::kGroupMean},
    {v1::LEAVE_ONE_OUT, Baseline::kLeaveOneOut},
    {v1::BATCH_MEAN, Baseline::kBatchMean},
    {v1::NO_BASELINE, Baseline::kNone},
    {v1::VALUE, Baseline::kValue}};
constexpr std::pair<v1::LossAggregation, Aggregation> kAggregations[] = {
    {v1::CONSTANT, Aggregation::kConstant},
    {v1::RESPONSE_LENGTH, Aggregation::kResponseLength},
    {v1::TOKENS, Aggregation::kTokens},
    {v1::VL_NORM, Aggregation::kVlNorm}};
constexpr std::pair<v1::Surrogate, Surrogate> kSurrogates[] = {{v1::CLIPPED, Surrogate::kClipped},
                                                               {v1::CISPO, Surrogate::kCispo},
                                                               {v1::REINFORCE, Surrogate::kReinforce}};
constexpr std::pair<v1::PolicyRatio, PolicyRatio> kRatios[] = {{v1::PER_TOKEN, PolicyRatio::kPerToken},
                                                               {v1::PER_RESPONSE, PolicyRatio::kPerResponse}};
constexpr std::pair<v1::KlEstimator, KlEstimator> kEstimators[] = {
    {v1::K1, KlEstimator::kK1},
    {v1::K2, KlEstimator::kK2},
    {v1::K3, KlEstimator::kK3},
    {v1::K3_WITH_K2_GRADIENT, KlEstimator::kK3WithK2Gradient}};
constexpr std::pair<v1::Sharding, Sharding> kShardings[] = {{v1::NONE, Sharding::kNone},
                                                            {v1::OPTIMIZER, Sharding::kOptimizer},
                                                            {v1::GRADIENTS, Sharding::kGradients},
                                                            {v1::WEIGHTS, Sharding::kWeights}};
constexpr std::pair<v1::Dtype, bool> kExchanges[] = {{v1::FLOAT32, false}, {v1::BFLOAT16, true}};
constexpr std::pair<v1::CorrectionKind, CorrectionKind> kCorrections[] = {
    {v1::NO_CORRECTION, CorrectionKind::kNone},
    {v1::TRUNCATED, CorrectionKind::kTruncated},
    {v1::MASKED, CorrectionKind::kMasked},
    {v1::UNTRUNCATED, CorrectionKind::kUntruncated}};
constexpr std::pair<v1::CorrectionLevel, CorrectionLevel> kLevels[] = {
    {v1::TOKEN, CorrectionLevel::kToken},
    {v1::SEQUENCE, CorrectionLevel::kSequence},
    {v1::GEOMETRIC, CorrectionLevel::kGeometric}};

}  // namespace

absl::StatusOr<AdvantageOptions> AdvantageOptionsOf(const v1::Recipe& recipe) {
  const v1::RewardSettings& reward = recipe.reward();
  AdvantageOptions options;
  ASSIGN_OR_RETURN(options.baseline, Find("advantage.baseline", recipe.advantage().baseline(), kBaselines));
  options.normalize_std = recipe.advantage().normalize_std();
  options.gae = {recipe.advantage().gamma(), recipe.advantage().gae_lambda()};
  options.whiten = recipe.advantage().whiten();
  options.overlong = {reward.overlong_tokens(), reward.overlong_penalty(),
                      recipe.rollout().max_response_tokens()};
  options.kl.coefficient = reward.kl_coefficient();
  ASSIGN_OR_RETURN(options.kl.estimator, Find("reward.kl_estimator", reward.kl_estimator(), kEstimators));
  options.kl.to_go = reward.kl_to_go();
  options.shuffle_rewards = reward.shuffle();
  options.seed = recipe.run().seed();
  return options;
}

absl::StatusOr<LossOptions> LossOptionsOf(const v1::Recipe& recipe) {
  const v1::LossSettings& loss = recipe.loss();
  LossOptions options;
  ASSIGN_OR_RETURN(options.aggregation, Find("loss.aggregation", loss.aggregation(), kAggregations));
  options.budget = recipe.rollout().max_response_tokens();
  options.length_exponent = loss.length_exponent();
  ASSIGN_OR_RETURN(options.surrogate, Find("loss.surrogate", loss.surrogate(), kSurrogates));
  ASSIGN_OR_RETURN(options.ratio, Find("loss.ratio", loss.ratio(), kRatios));
  options.clip_low = loss.clip_low();
  options.clip_high = loss.clip_high();
  options.dual_clip = loss.dual_clip();
  const v1::CorrectionSettings& correction = loss.correction();
  ASSIGN_OR_RETURN(options.correction.kind, Find("loss.correction.kind", correction.kind(), kCorrections));
  ASSIGN_OR_RETURN(options.correction.level, Find("loss.correction.level", correction.level(), kLevels));
  options.correction.low = correction.low();
  options.correction.high = correction.high();
  if (recipe.advantage().baseline() == v1::VALUE) options.value_coefficient = loss.value_coefficient();
  options.value_clip = loss.value_clip();
  options.off_policy_mask = loss.off_policy_mask();
  options.kl_coefficient = loss.kl_coefficient();
  ASSIGN_OR_RETURN(options.kl_estimator, Find("loss.kl_estimator", loss.kl_estimator(), kEstimators));
  options.entropy_coefficient = loss.entropy_coefficient();
  options.entropy_floor = loss.entropy_floor();
  return options;
}

absl::StatusOr<ShardingOptions> ShardingOptionsOf(const v1::Recipe& recipe) {
  const v1::LearnerSettings& learner = recipe.learner();
  ShardingOptions options;
  ASSIGN_OR_RETURN(options.sharding, Find("learner.sharding", learner.sharding(), kShardings));
  ASSIGN_OR_RETURN(options.bfloat16_exchange,
                   Find("learner.gradient_exchange", learner.gradient_exchange(), kExchanges));
  return options;
}

}  // namespace drover::learner
