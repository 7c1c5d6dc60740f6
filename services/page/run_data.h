// What of a run folder a page shows, as one JSON object:
//
//   {"name": the folder's name,
//    "recipe": {"path.to.field": "value"},
//    "summary": summary.json or null,
//    "metrics", "evaluations": {"field": [a value a line]} (columns.h),
//    "samples": [a group each] (samples.h),
//    "notes": [what was left out, for a person]}
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "services/page/samples.h"
#include "services/run/run_folder.h"

namespace drover::page {

struct RunLimits {
  size_t max_points = 20000;  // lines of metrics.jsonl; of more every second, fourth, ... is shown
  SampleLimits samples;
};

// NOT_FOUND when there is no folder, INVALID_ARGUMENT when it is none of a run. Lines that a crash left broken are passed
// over, and a note says how many. Reads as well while the run goes on.
absl::StatusOr<nlohmann::ordered_json> ReadRun(const run::RunFolder& folder, const RunLimits& limits);

// Name, recipe and summary alone: what of a run does not grow.
absl::StatusOr<nlohmann::ordered_json> ReadHead(const run::RunFolder& folder);

}  // namespace drover::page
