// The lines of `drover grade` (docs/reference/cli.md). Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "drover/v1/verifier.pb.h"

namespace drover::grading {

// One input line: {"id", "gold", and one of "response", "response_b64", "answer"}; "truncated", "grader" and
// "question" may be there; other keys are not looked at, but "pred" counts as "answer" where none of the three is there (files of cases).
// `id` is kept as it was written.
struct GradeLine {
  std::string id = "null";  // JSON text of a string, a number or null
  v1::GradeRequest request;
};

// What lines do not say.
struct GradeLineDefaults {
  std::string format = "boxed";  // of responses
  std::string grader = "math";   // of lines without one
  bool check_grader = true;      // the grader must be one of ours; else a server will say
  v1::GradingOptions options;
};

// INVALID_ARGUMENT naming the key, what it got and what it may be.
absl::StatusOr<GradeLine> ParseGradeLine(std::string_view line, const GradeLineDefaults& defaults);

// {"id","reward","extracted","formatted","reason"} without a line's end; bytes of `extracted` that are no UTF-8 are
// replaced by U+FFFD, and it is null when there is none.
std::string FormatGradeLine(const std::string& id, const v1::GradeResult& result);

}  // namespace drover::grading
