// `drover report`: one HTML file of one or several run folders.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace drover::cli::report {

struct ReportOptions {
  std::vector<std::string> runs;  // run folders
  std::string out;                // "-": standard output
  uint64_t samples_mib = 8;       // of each run
};

// INVALID_ARGUMENT or NOT_FOUND for bad input; then nothing is written. The file appears whole or not at all.
absl::Status WriteReport(const ReportOptions& options);

}  // namespace drover::cli::report
