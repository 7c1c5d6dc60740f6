// `--set path.to.field=value`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drover/v1/recipe.pb.h"
#include "recipe/problems.h"

namespace drover::recipe {

// Applies one override; what is wrong with it goes to `problems` and leaves the recipe as it was.
//
// The value is text format as it would stand in a recipe file: `0.5`, `true`, `CONSTANT`, `"text\n"`. For a text
// field a value that does not begin with a quote is taken as it stands. A list is replaced by `["a", "b"]` or by
// one value. A message takes `{field: value ...}`, which sets the fields it names.
void ApplyOverride(std::string_view assignment, v1::Recipe& recipe, Problems& problems);

void ApplyOverrides(const std::vector<std::string>& assignments, v1::Recipe& recipe, Problems& problems);

}  // namespace drover::recipe
