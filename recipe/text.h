// The text form of a recipe.
#pragma once

#include <string>
#include <string_view>

#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

inline constexpr size_t kMaxRecipeBytes = size_t{1} << 20;

// Reads text format into `recipe`. Every error goes to `problems` with its line and column: unknown fields with the
// nearest known one, values of a wrong type or with a unit with what is allowed. What could be read is in `recipe`
// all the same. True when that is all of it, but for what is in `problems`, so that checking it further tells something;
// false when reading ended early.
bool ParseText(std::string_view text, v1::Recipe& recipe, Problems& problems);

// Text format: set fields only, in order of their numbers, UTF-8 as it is. ParseText reads it back to an equal
// recipe.
std::string ToText(const v1::Recipe& recipe);

}  // namespace drover::recipe
