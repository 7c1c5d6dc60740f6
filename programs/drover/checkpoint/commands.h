// `drover checkpoint list` and `drover checkpoint verify` (docs/reference/cli.md). Both change nothing and work while the
// run goes on.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace drover::cli::checkpoint {

struct ListOptions {
  std::string run;
  bool json = false;
};

// Every folder of the run's checkpoints: also one that is being written and what was set aside. Files are not read.
// INVALID_ARGUMENT or NOT_FOUND: it is no run folder.
absl::Status List(const ListOptions& options, std::ostream& out);

struct VerifyOptions {
  std::vector<std::string> paths;
  bool json = false;
};

// Reads all of each checkpoint. DATA_LOSS, after all were looked at: one is damaged. The errors of FindCheckpoints.
absl::Status Verify(const VerifyOptions& options, std::ostream& out);

// What is wrong with the checkpoint in `dir`: DATA_LOSS or INVALID_ARGUMENT with the file's name.
absl::Status VerifyOne(const std::string& dir);

}  // namespace drover::cli::checkpoint
