#include "programs/drover/pending_recipe.h"

#include <filesystem>
#include <utility>

#include "base/file.h"
#include "base/status.h"

namespace drover::cli {

PendingRecipe::PendingRecipe(PendingRecipe&& other) noexcept
    : beside_(other.beside_), path_(std::exchange(other.path_, "")) {}

PendingRecipe::~PendingRecipe() {
  std::error_code ignored;
  if (beside_ && !path_.empty()) std::filesystem::remove(path_, ignored);
}

absl::StatusOr<PendingRecipe> PendingRecipe::Write(const run::RunFolder& folder, const std::string& text) {
  const absl::StatusOr<std::string> present = ReadFile(folder.recipe());
  const bool same = present.ok() && *present == text;
  PendingRecipe pending(folder, /*beside=*/!same && !absl::IsNotFound(present.status()));
  if (!same) RETURN_IF_ERROR(WriteFileAtomically(pending.path_, text));
  return pending;
}

}  // namespace drover::cli
