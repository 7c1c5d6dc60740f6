// Which loss a step minimises, and with which numbers. Pure: no tensor. docs/reference/losses.md has the equations.
#pragma once

#include <cstdint>

namespace drover::learner {

// What a response's tokens are divided by (token_weights.h).
enum class Aggregation { kConstant, kResponseLength, kTokens, kVlNorm };

// What pushes the policy along the advantages: clipped_surrogate.h, cispo.h, reinforce.h.
enum class Surrogate { kClipped, kCispo, kReinforce };

// Whose probability ratio the surrogate has (policy_ratio.h).
enum class PolicyRatio { kPerToken, kPerResponse };

// How a token's term is weighted where the old policy is not the one that sampled (importance_correction.h).
enum class CorrectionKind { kNone, kTruncated, kMasked, kUntruncated };
enum class CorrectionLevel { kToken, kSequence, kGeometric };

struct CorrectionOptions {
  CorrectionKind kind = CorrectionKind::kNone;
  CorrectionLevel level = CorrectionLevel::kToken;
  double low = 0.5;   // of kMasked
  double high = 2.0;  // of kMasked and kTruncated
};

// kl_estimator.h
enum class KlEstimator { kK1, kK2, kK3, kK3WithK2Gradient };

struct LossOptions {
  Aggregation aggregation = Aggregation::kConstant;
  int64_t budget = 3000;         // L, tokens; of kConstant and kVlNorm
  double length_exponent = 1.0;  // of kVlNorm
  Surrogate surrogate = Surrogate::kClipped;
  PolicyRatio ratio = PolicyRatio::kPerToken;
  double clip_low = 0.2;
  double clip_high = 0.2;
  double dual_clip = 0.0;  // 0: off
  CorrectionOptions correction;
  double off_policy_mask = 0.0;    // nats a token; 0: off
  double value_coefficient = 0.0;  // 0: no value loss, and no value head
  double value_clip = 0.0;         // 0: off
  double kl_coefficient = 0.0;     // 0: no KL term, and no reference
  KlEstimator kl_estimator = KlEstimator::kK3;
  double entropy_coefficient = 0.0;  // 0: no entropy term
  double entropy_floor = 0.0;        // nats; 0: the entropy term always acts
};

}  // namespace drover::learner
