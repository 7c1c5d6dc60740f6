// The recipes that come with Drover.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::recipe {

// The folder of shipped recipes: $DROVER_RECIPES if set; else, from the folder of this program, ../../recipes (a
// build) or ../share/drover/recipes (installed). NOT_FOUND names the places that were tried.
absl::StatusOr<std::string> RecipesFolder();

struct ShippedRecipe {
  std::string name;  // the file's name without .textproto
  std::string path;
  std::string description;
};

// Every shipped recipe by name. A file that cannot be read is an error.
absl::StatusOr<std::vector<ShippedRecipe>> ListShipped();

// The file of a recipe given by a shipped name or by a path; a path has a '/' or ends in .textproto. NOT_FOUND
// lists the shipped names and suggests the nearest.
absl::StatusOr<std::string> FindRecipe(std::string_view name_or_file);

}  // namespace drover::recipe
