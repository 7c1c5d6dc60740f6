// How rewards become advantages. Pure: no tensor. docs/reference/losses.md has the equations.
#pragma once

#include <cstdint>

#include "learner/losses/options.h"

namespace drover::learner {

// Added to every standard deviation that advantages are divided by.
inline constexpr double kStdEpsilon = 1e-8;

// What a response's return is compared with.
enum class Baseline {
  kGroupMean,
  kLeaveOneOut,
  kBatchMean,
  kNone,
  kValue,  // the value head's estimate, token by token (gae.h)
};

// Of kValue.
struct GaeOptions {
  double gamma = 1.0;  // discount of a token's reward for each token before it
  double lambda =
      1.0;  // 1: returns as they came (no bias), 0: the next value's word for the rest (least variance)
};

// DAPO's soft punishment (overlong.h). `tokens` 0: none.
struct OverlongOptions {
  int64_t tokens = 0;     // how many before the budget's end it begins
  double penalty = 1.0;   // at the budget's end
  int64_t budget = 3000;  // L
};

// The KL to the reference as a part of the reward (kl_returns.h). `coefficient` 0: none, and no reference.
struct KlRewardOptions {
  double coefficient = 0.0;
  KlEstimator estimator = KlEstimator::kK1;
  bool to_go = false;  // a token is charged with what comes from it on, not with the whole response's
};

struct AdvantageOptions {
  Baseline baseline = Baseline::kGroupMean;
  // GRPO's division by std(R) + 1e-8 (question-level difficulty bias); off: Dr. GRPO.
  bool normalize_std = false;
  bool whiten = false;  // over the tokens of the rollout, after all else (whiten.h)
  GaeOptions gae;
  OverlongOptions overlong;
  KlRewardOptions kl;
  // A control: rewards are permuted among all responses of the rollout before anything but the overlong punishment.
  bool shuffle_rewards = false;
  // The run's seed; used by shuffle_rewards alone.
  uint64_t seed = 0;
};

}  // namespace drover::learner
