#include "programs/drover/checkpoint/find.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "services/run/run_folder.h"

namespace drover::cli::checkpoint {

absl::StatusOr<std::vector<Found>> FindCheckpoints(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    return absl::NotFoundError(absl::StrCat(path, ": no folder is there"));
  }
  if (std::filesystem::exists(path + "/training_state.safetensors", ignored)) {
    return std::vector<Found>{{path, std::nullopt}};
  }
  const run::RunFolder folder(path);
  if (!std::filesystem::is_directory(folder.checkpoints(), ignored)) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": is neither a run folder nor a checkpoint (it has no training_state.safetensors)"));
  }
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, folder.CheckpointSteps());
  if (steps.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": the run has no checkpoint yet"));
  std::vector<Found> found;
  for (const uint64_t step : steps) found.push_back({folder.checkpoint(step), step});
  return found;
}

}  // namespace drover::cli::checkpoint
