#include "programs/drover/pending_recipe.h"

#include <filesystem>
#include <utility>

#include "base/file.h"
#include "base/status.h"

namespace drover::cli {

PendingRecipe::PendingRecipe(const run::RunFolder& folder, std::string text)
    : recipe_(folder.recipe()), path_(folder.next_recipe()), text_(std::move(text)) {}

PendingRecipe::PendingRecipe(PendingRecipe&& other) noexcept
    : recipe_(std::move(other.recipe_)),
      path_(std::exchange(other.path_, "")),
      text_(std::move(other.text_)),
      accepted_(other.accepted_) {}

PendingRecipe::~PendingRecipe() {
  std::error_code ignored;
  if (!path_.empty() && path_ != recipe_) std::filesystem::remove(path_, ignored);
}

absl::StatusOr<PendingRecipe> PendingRecipe::Write(const run::RunFolder& folder, std::string text) {
  PendingRecipe pending(folder, std::move(text));
  const absl::StatusOr<std::string> present = ReadFile(folder.recipe());
  if (absl::IsNotFound(present.status()) || (present.ok() && *present == pending.text_)) {
    pending.path_ = folder.recipe();
    pending.accepted_ = true;
    if (present.ok()) return pending;
  }
  RETURN_IF_ERROR(WriteFileAtomically(pending.path_, pending.text_));
  return pending;
}

absl::Status PendingRecipe::Accept() {
  if (std::exchange(accepted_, true)) return absl::OkStatus();
  return WriteFileAtomically(recipe_, text_);
}

}  // namespace drover::cli
