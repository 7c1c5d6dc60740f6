// For tests: a recipe without any problem, and what is wrong with changed ones.
#pragma once

#include <string>
#include <vector>

#include "drover/v1/recipe.pb.h"
#include "recipe/defaults.h"
#include "recipe/overrides.h"
#include "recipe/validate.h"

namespace drover::recipe {

inline v1::Recipe GoodRecipe() {
  v1::Recipe recipe = DefaultRecipe();
  recipe.mutable_data()->set_max_prompt_tokens(16);
  recipe.mutable_rollout()->set_max_response_tokens(32);
  return recipe;
}

// The problems of GoodRecipe with `overrides`.
inline std::vector<std::string> ProblemsWith(const std::vector<std::string>& overrides,
                                             bool check_files = false) {
  v1::Recipe recipe = GoodRecipe();
  Problems problems;
  ApplyOverrides(overrides, recipe, problems);
  FindProblems(recipe, {.check_files = check_files}, problems);
  return problems.texts();
}

}  // namespace drover::recipe
