#include <cstdio>
#include <string>
#include <vector>

#include "programs/drover/commands.h"
#include "programs/drover/report.h"
#include "recipe/load.h"
#include "recipe/shipped.h"
#include "recipe/text.h"

namespace drover::cli {

int ListRecipes() {
  const auto recipes = recipe::ListShipped();
  if (!recipes.ok()) return Report(kFailure, recipes.status());
  size_t width = 0;
  for (const auto& each : *recipes) width = std::max(width, each.name.size());
  for (const auto& each : *recipes) {
    std::printf("%-*s  %s\n", static_cast<int>(width), each.name.c_str(), each.description.c_str());
  }
  return kDone;
}

int ShowRecipe(const RecipeShowOptions& options) {
  // Files that a recipe names need not be on this machine to look at it.
  std::vector<std::string> warnings;
  const auto loaded =
      recipe::LoadRecipe(options.recipe, options.overrides, {.check_files = false, .warnings = &warnings});
  if (!loaded.ok()) return Report(kBadInput, loaded.status());
  for (const std::string& warning : warnings) std::fprintf(stderr, "drover: warning: %s\n", warning.c_str());
  std::fputs(recipe::ToText(*loaded).c_str(), stdout);
  return kDone;
}

}  // namespace drover::cli
