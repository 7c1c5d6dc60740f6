// `drover grade`: a file of responses in, a file of grades out.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace drover::grading {

struct GradeFileOptions {
  std::string in;                // JSONL, see grade_lines.h; "-" is standard input
  std::string out;               // JSONL in the same order; "-" is standard output
  std::string format = "boxed";  // boxed, answer_tag, answer_tag_lenient or plain
  int threads = 0;               // 0: one per core
};

// Grades in blocks of lines, so that memory does not grow with the file. INVALID_ARGUMENT as "FILE:LINE: why" for a line
// that cannot be read; NOT_FOUND for a missing file. `out` is there whole or, after an error, not at all (unless it
// names a pipe or device).
absl::Status GradeFile(const GradeFileOptions& options);

}  // namespace drover::grading
