#include "services/run/run_lock.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::run {
namespace {

std::string LockPath(const std::string& folder) { return folder + "/lock"; }

}  // namespace

bool IsRunning(const std::string& folder, FileSystem* files) { return files->IsLocked(LockPath(folder)); }

absl::StatusOr<std::unique_ptr<FileLock>> TakeRunLock(const std::string& folder, FileSystem* files) {
  ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, files->TryLock(LockPath(folder)));
  if (lock != nullptr) return lock;
  return absl::FailedPreconditionError(
      absl::StrCat(folder, ": a run is going on there; wait for its end or stop it (Ctrl-C) first"));
}

}  // namespace drover::run
