// The recipe of a run that is resumed with changes: the run's own stays until the learner has accepted the new one, which
// it then writes in the place of the run's own (programs/learner/kept_recipe.h).
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/run/run_folder.h"

namespace drover::cli {

// Not thread-safe.
class PendingRecipe {
 public:
  // Writes `text` where the processes find it: the folder's recipe itself in a new run, else a file beside it.
  static absl::StatusOr<PendingRecipe> Write(const run::RunFolder& folder, const std::string& text);
  PendingRecipe(PendingRecipe&& other) noexcept;
  PendingRecipe& operator=(PendingRecipe&&) = delete;
  // Removes the file beside it. The processes must have ended: those that start again read it.
  ~PendingRecipe();

  // What the processes read.
  const std::string& path() const { return path_; }

 private:
  PendingRecipe(const run::RunFolder& folder, bool beside)
      : beside_(beside), path_(beside ? folder.next_recipe() : folder.recipe()) {}
  bool beside_;       // whether path_ is beside the folder's recipe
  std::string path_;  // empty once moved from
};

}  // namespace drover::cli
