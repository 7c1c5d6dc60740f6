#include "programs/learner/kept_recipe.h"

#include <string>

#include "base/file.h"
#include "recipe/text.h"

namespace drover::learner_process {

absl::Status KeepRecipe(const v1::Recipe& recipe, const run::RunFolder& folder) {
  const std::string text = recipe::ToText(recipe);
  const absl::StatusOr<std::string> present = ReadFile(folder.recipe());
  if (present.ok() && *present == text) return absl::OkStatus();
  return WriteFileAtomically(folder.recipe(), text, folder.files());
}

}  // namespace drover::learner_process
