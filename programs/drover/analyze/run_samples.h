// The responses of a training run, for looking at how they change while it trains.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/sample.h"

namespace drover::cli::analyze {

// The samples of steps `first` to `last`.
struct StepSamples {
  int64_t first = 0, last = 0;
  std::vector<analysis::Sample> samples;
};

// RUN/samples.jsonl (docs/reference/run-folder.md), its steps put together into at most `bins` stretches of about equal length. NOT_FOUND
// without the file, INVALID_ARGUMENT "FILE:LINE: ..." for a line that is no group; a last line without its end is passed over.
absl::StatusOr<std::vector<StepSamples>> ReadRunSamples(const std::string& run, size_t bins);

// RUN/checkpoints/step-NNNNNN with their steps, in order. NOT_FOUND where there is none.
absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> Checkpoints(const std::string& run);

}  // namespace drover::cli::analyze
