// Whether a recipe is one of `drover sft`.
#pragma once

#include "drover/v1/recipe.pb.h"

namespace drover::recipe {

// It learns from examples: it has no actors, no verifiers and no reference policy, and publishes nothing.
inline bool IsSupervised(const v1::Recipe& recipe) { return !recipe.sft().train().empty(); }

}  // namespace drover::recipe
