// `drover grade`: a file of responses in, a file of grades out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "programs/drover/grading/block_grader.h"

namespace drover::grading {

// What has been graded so far.
struct GradeProgress {
  size_t lines = 0;
  size_t correct = 0;                     // reward 1
  std::map<std::string, size_t> reasons;  // lines by reason code
  uint64_t bytes = 0;                     // of the input, read
  uint64_t bytes_total = 0;               // 0: not known
};

struct GradeFileOptions {
  std::string in;   // JSONL, see grade_lines.h; "-" is standard input
  std::string out;  // JSONL in the same order; "-" is standard output
  BlockGraderOptions grading;
  // Called between blocks of lines, by the calling thread.
  std::function<void(const GradeProgress&)> progress;
};

// Grades in blocks of lines, so that memory does not grow with the file. INVALID_ARGUMENT as "FILE:LINE: why" for a line
// that cannot be read; NOT_FOUND for a missing file; with verifiers, their last error when they cannot be reached.
// `out` is there whole or, after an error, not at all: a pipe, device or standard output gets its first byte when all is
// graded. `total`, when given, gets the sums.
absl::Status GradeFile(const GradeFileOptions& options, GradeProgress* total = nullptr);

}  // namespace drover::grading
