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

}  // namespace drover::learner
