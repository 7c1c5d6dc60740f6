// From a name and some overrides to a recipe that can run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "recipe/validate.h"

namespace drover::recipe {

// The effective recipe of a shipped name or a file: read, overridden, named after its file unless it says another name,
// defaults filled in, paths made absolute (with check_files), validated. NOT_FOUND without such a recipe; INVALID_ARGUMENT with all of its problems at once. The effective recipe,
// written with ToText, loads to itself.
absl::StatusOr<v1::Recipe> LoadRecipe(std::string_view name_or_file,
                                      const std::vector<std::string>& overrides = {},
                                      const ValidateOptions& options = {});

// Makes model.path, data.train, data.heldout, sft.train, sft.heldout and evaluation.suite.path absolute, so that a run can be resumed from any folder: a relative
// path is looked for in the working folder, then beside the shipped recipes' folder; one that is in neither stays
// as it is.
void MakePathsAbsolute(v1::Recipe& recipe);

}  // namespace drover::recipe
