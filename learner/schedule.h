// Learning-rate schedules. Pure.
#pragma once

#include <cstdint>

#include "drover/v1/recipe.pb.h"

namespace drover::learner {

// `rate` x min(1, (step + 1) / warmup_steps): step 0 is the first, so that no step has rate 0. 0 is no warm-up.
double WarmUp(double rate, uint64_t step, uint64_t warmup_steps);

// The rate of supervised batch `batch` (from 0) under recipe.pretrain with its defaults filled in: warm-up,
// then constant or, with `decay`, linear from the full rate towards 0, which it would reach one batch after the last.
double SupervisedLearningRate(const v1::PretrainSettings& settings, uint64_t batch);

// The rate of step `step` (from 0) of `steps` under recipe.sft with its defaults filled in: warm-up, then steady, or from
// the full rate towards final_rate of it, which it would reach one step after the last: with x from 0 to 1 on that way
//
//   LINEAR  1 - x (1 - final_rate)      COSINE  final_rate + (1 - final_rate) (1 + cos(pi x)) / 2      of learning_rate
double SupervisedLearningRate(const v1::SupervisedSettings& settings, uint64_t step, uint64_t steps);

}  // namespace drover::learner
