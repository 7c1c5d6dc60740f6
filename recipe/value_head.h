// Whether the learner trains a value head.
#pragma once

#include "drover/v1/recipe.pb.h"
#include "recipe/supervised.h"

namespace drover::recipe {

// With advantage.baseline VALUE; a supervised run learns from examples and has none, whatever the baseline.
inline bool HasValueHead(const v1::Recipe& recipe) {
  return recipe.advantage().baseline() == v1::VALUE && !IsSupervised(recipe);
}

}  // namespace drover::recipe
