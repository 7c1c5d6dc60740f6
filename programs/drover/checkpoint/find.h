// Which checkpoints a path on the command line means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::cli::checkpoint {

struct Found {
  std::string path;
  std::optional<uint64_t> step;  // of a run's
};

// Of a folder with a training state that folder alone; of a run folder its checkpoints, oldest first. NOT_FOUND: no folder
// is there; INVALID_ARGUMENT: it is neither, or a run without checkpoints.
absl::StatusOr<std::vector<Found>> FindCheckpoints(const std::string& path);

}  // namespace drover::cli::checkpoint
