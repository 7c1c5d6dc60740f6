#include "recipe/shipped.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status.h"
#include "recipe/nearest.h"
#include "recipe/problems.h"
#include "recipe/text.h"

namespace drover::recipe {
namespace {

namespace fs = std::filesystem;

constexpr char kExtension[] = ".textproto";

fs::path ProgramFolder() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).parent_path();
}

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::vector<std::string> Names(const std::vector<ShippedRecipe>& recipes) {
  std::vector<std::string> names;
  for (const ShippedRecipe& recipe : recipes) names.push_back(recipe.name);
  return names;
}

absl::StatusOr<ShippedRecipe> ReadShipped(const fs::path& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path.string(), kMaxRecipeBytes));
  v1::Recipe recipe;
  Problems problems;
  ParseText(text, recipe, problems);
  RETURN_IF_ERROR(problems.ToStatus(path.string()));
  return ShippedRecipe{
      .name = path.stem().string(), .path = path.string(), .description = recipe.description()};
}

}  // namespace

absl::StatusOr<std::string> RecipesFolder() {
  if (const char* given = std::getenv("DROVER_RECIPES"); given != nullptr && *given != '\0') {
    if (IsFolder(given)) return std::string(given);
    return absl::NotFoundError(absl::StrCat("DROVER_RECIPES is `", given, "`, which is no folder"));
  }
  const fs::path program = ProgramFolder();
  const fs::path in_build = (program / "../../recipes").lexically_normal();
  const fs::path installed = (program / "../share/drover/recipes").lexically_normal();
  if (IsFolder(in_build)) return in_build.string();
  if (IsFolder(installed)) return installed.string();
  return absl::NotFoundError(absl::StrCat("the shipped recipes are neither in ", in_build.string(),
                                          " nor in ", installed.string(),
                                          "; set DROVER_RECIPES to their folder"));
}

absl::StatusOr<std::vector<ShippedRecipe>> ListShipped() {
  ASSIGN_OR_RETURN(const std::string folder, RecipesFolder());
  std::error_code error;
  std::vector<ShippedRecipe> recipes;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() != kExtension) continue;
    ASSIGN_OR_RETURN(ShippedRecipe recipe, ReadShipped(entry->path()));
    recipes.push_back(std::move(recipe));
  }
  if (error) return absl::InternalError(absl::StrCat(folder, ": ", error.message()));
  std::sort(recipes.begin(), recipes.end(),
            [](const ShippedRecipe& a, const ShippedRecipe& b) { return a.name < b.name; });
  return recipes;
}

absl::StatusOr<std::string> FindRecipe(std::string_view name_or_file) {
  const std::string name(name_or_file);
  if (absl::StrContains(name, '/') || absl::EndsWith(name, kExtension)) {
    std::error_code ignored;
    if (fs::is_regular_file(name, ignored)) return name;
    return absl::NotFoundError(absl::StrCat("recipe ", name, ": there is no such file"));
  }
  ASSIGN_OR_RETURN(const std::string folder, RecipesFolder());
  const fs::path path = fs::path(folder) / absl::StrCat(name, kExtension);
  std::error_code ignored;
  if (!name.empty() && fs::is_regular_file(path, ignored)) return path.string();
  ASSIGN_OR_RETURN(const std::vector<ShippedRecipe> recipes, ListShipped());
  const std::string near = Nearest(name, Names(recipes));
  return absl::NotFoundError(absl::StrCat("recipe `", name, "` is not one of those that ship",
                                          near.empty() ? "" : absl::StrCat("; did you mean ", near, "?"),
                                          near.empty() ? "; they are " : " They are ",
                                          absl::StrJoin(Names(recipes), ", "),
                                          " (a file's name has a / or ends in ", kExtension, ")"));
}

}  // namespace drover::recipe
