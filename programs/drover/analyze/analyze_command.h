// `drover analyze answering|exploration|reflection`: how models answer before (and while) they are trained.
//
//   suite ──▶ responses of each setting (settings_run.h) ──▶ judge, where there is one (analysis/judge_run.h) ──▶ analysis/ ──▶
//       OUT/KIND.json   OUT/report.md   OUT/*.svg   OUT/judge/*.jsonl   OUT/responses/SETTING/...
//
// Of several models each has all of that in OUT/models/NAME, and OUT/KIND.json, OUT/report.md and OUT/*.svg hold them beside each other.
//
// Stopped at any moment it goes on where it was; what is in OUT must be of the same analysis and settings.
#pragma once

#include <atomic>
#include <string>

#include "absl/status/status.h"
#include "programs/drover/analyze/analyze_options.h"
#include "programs/drover/analyze/kind.h"

namespace drover::cli::analyze {

// The templates and temperatures that are used where the flags name none.
void FillDefaults(Kind kind, AnalyzeOptions& options);

// Prints the report's tables, or the JSON, to standard output. INVALID_ARGUMENT or NOT_FOUND for bad input, before anything is asked;
// CANCELLED after `stop`.
absl::Status RunAnalysis(Kind kind, const AnalyzeOptions& options, const std::atomic<bool>& stop);

}  // namespace drover::cli::analyze
