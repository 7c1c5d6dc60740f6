// The folder of an analysis.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover::cli::analyze {

// What OUT/analysis.json says that the folder is of.
struct OutMark {
  std::string kind;      // of analysis: "answering"
  bool several = false;  // of several models, each in a folder of its own below it
};

// Makes the folder, or finds that it is of an earlier start of the same kind of analysis. INVALID_ARGUMENT when it holds something else: nothing of a person's is written over; FAILED_PRECONDITION while another process works in
// it, which none does as long as the lock lives.
absl::StatusOr<std::unique_ptr<FileLock>> OpenOutFolder(const std::string& out, const OutMark& mark);

}  // namespace drover::cli::analyze
