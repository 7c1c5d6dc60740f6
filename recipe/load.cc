#include "recipe/load.h"

#include <filesystem>

#include "base/file.h"
#include "base/status.h"
#include "data/generators.h"
#include "data/mixture.h"
#include "recipe/defaults.h"
#include "recipe/overrides.h"
#include "recipe/problems.h"
#include "recipe/shipped.h"
#include "recipe/text.h"

namespace drover::recipe {
namespace {

namespace fs = std::filesystem;

std::string Absolute(const std::string& path, const fs::path& beside_recipes) {
  if (path.empty() || fs::path(path).is_absolute()) return path;
  std::error_code error;
  for (const fs::path& folder : {fs::current_path(error), beside_recipes}) {
    const fs::path candidate = (folder / path).lexically_normal();
    if (!folder.empty() && fs::exists(candidate, error)) return candidate.string();
  }
  return path;
}

}  // namespace

void MakePathsAbsolute(v1::Recipe& recipe) {
  const auto recipes = RecipesFolder();
  const fs::path beside = recipes.ok() ? fs::path(*recipes).parent_path() : fs::path();
  v1::DataSettings& data = *recipe.mutable_data();
  recipe.mutable_model()->set_path(Absolute(recipe.model().path(), beside));
  data.set_heldout(Absolute(data.heldout(), beside));
  recipe.mutable_sft()->set_train(Absolute(recipe.sft().train(), beside));
  recipe.mutable_sft()->set_heldout(Absolute(recipe.sft().heldout(), beside));
  v1::SuiteSettings& suite = *recipe.mutable_evaluation()->mutable_suite();
  suite.set_path(Absolute(suite.path(), beside));
  if (!data::IsGenerated(data.train()) && data.train() != data::kMixture) {
    data.set_train(Absolute(data.train(), beside));
  }
  for (std::string& text : *data.mutable_mixture()) {
    auto part = data::ParseMixturePart(text);
    if (!part.ok()) continue;  // a check says so
    part->path = Absolute(part->path, beside);
    text = data::ToText(*part);
  }
}

absl::StatusOr<v1::Recipe> LoadRecipe(std::string_view name_or_file,
                                      const std::vector<std::string>& overrides,
                                      const ValidateOptions& options) {
  ASSIGN_OR_RETURN(const std::string path, FindRecipe(name_or_file));
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxRecipeBytes));
  v1::Recipe recipe;
  Problems problems;
  const bool whole = ParseText(text, recipe, problems);
  ApplyOverrides(overrides, recipe, problems);
  if (recipe.name().empty()) recipe.set_name(fs::path(path).stem().string());
  FillDefaults(recipe);
  if (options.check_files) MakePathsAbsolute(recipe);
  if (whole) FindProblems(recipe, options, problems);
  if (options.warnings != nullptr) *options.warnings = problems.warnings();
  RETURN_IF_ERROR(problems.ToStatus(name_or_file));
  return recipe;
}

}  // namespace drover::recipe
