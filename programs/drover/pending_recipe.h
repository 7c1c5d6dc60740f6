// The recipe of a run that is resumed with changes: the run's own stays until the learner has accepted the new one.
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
  static absl::StatusOr<PendingRecipe> Write(const run::RunFolder& folder, std::string text);
  PendingRecipe(PendingRecipe&& other) noexcept;
  PendingRecipe& operator=(PendingRecipe&&) = delete;
  // Removes the file beside it. The processes must have ended: those that start again read it.
  ~PendingRecipe();

  // What the processes read.
  const std::string& path() const { return path_; }
  // The run goes by it now: it takes the place of the folder's recipe. Calls after the first do nothing.
  absl::Status Accept();

 private:
  PendingRecipe(const run::RunFolder& folder, std::string text);
  std::string recipe_;  // the folder's
  std::string path_;    // empty once moved from
  std::string text_;
  bool accepted_ = false;
};

}  // namespace drover::cli
