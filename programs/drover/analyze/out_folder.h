// The folder of an analysis.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover::cli::analyze {

// Makes the folder, or finds that it is of an earlier start of the same kind of analysis ("answering"), by OUT/analysis.json.
// INVALID_ARGUMENT when it holds something else: nothing of a person's is written over; FAILED_PRECONDITION while another process works in
// it, which none does as long as the lock lives.
absl::StatusOr<std::unique_ptr<FileLock>> OpenOutFolder(const std::string& out, const std::string& kind);

}  // namespace drover::cli::analyze
