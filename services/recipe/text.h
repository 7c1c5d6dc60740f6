// The text form of a recipe.
#pragma once

#include <string>
#include <string_view>

#include "drover/v1/recipe.pb.h"
#include "services/recipe/problems.h"

namespace drover::recipe {

// Reads text format into `recipe`. Every error goes to `problems`, as "FILE:LINE:COLUMN: ..." with `file` being the
// name to show: unknown fields with the nearest known one, values of a wrong type or with a unit with what is
// allowed. What could be read is in `recipe` all the same, so that it can be checked further.
void ParseText(std::string_view text, std::string_view file, v1::Recipe& recipe, Problems& problems);

// Text format: set fields only, in order of their numbers, UTF-8 as it is. ParseText reads it back to an equal
// recipe.
std::string ToText(const v1::Recipe& recipe);

}  // namespace drover::recipe
