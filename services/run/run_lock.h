// One `drover train` a run folder: two would write over each other's files.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover::run {

// Whether a run is going on in the folder.
bool IsRunning(const std::string& folder, FileSystem* files = PosixFileSystem());

// Takes FOLDER/lock; held while what is returned lives, and a process that dies lets go of it. FAILED_PRECONDITION
// while another process holds it.
absl::StatusOr<std::unique_ptr<FileLock>> TakeRunLock(const std::string& folder,
                                                      FileSystem* files = PosixFileSystem());

}  // namespace drover::run
