// The recipe's words for losses, advantages and sharding -> options.
#pragma once

#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "learner/advantages/options.h"
#include "learner/losses/options.h"
#include "learner/sharding.h"

namespace drover::learner {

// INVALID_ARGUMENT names a field that is not set: the recipe's defaults must be filled in.
absl::StatusOr<AdvantageOptions> AdvantageOptionsOf(const v1::Recipe& recipe);
absl::StatusOr<LossOptions> LossOptionsOf(const v1::Recipe& recipe);
absl::StatusOr<ShardingOptions> ShardingOptionsOf(const v1::Recipe& recipe);

}  // namespace drover::learner
