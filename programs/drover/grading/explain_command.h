// `drover explain-grade`: argue with a verdict.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drover/v1/verifier.pb.h"

namespace drover::grading {

struct ExplainOptions {
  // Either a gold answer and one of the three, ...
  std::vector<std::string> golds;
  std::optional<std::string> response;
  std::optional<std::string> answer;
  std::string response_file;  // "-" is standard input
  // ... or a line of a file that `drover grade` reads, by its id.
  std::string in;
  std::string id;

  std::string format = "boxed";
  std::string grader = "math";
  v1::GradingOptions options;
  std::string question;  // for options.refuse_unevaluated
};

// The text to print. INVALID_ARGUMENT for options that do not fit together and lines that cannot be read, NOT_FOUND for
// files and ids that are not there.
absl::StatusOr<std::string> ExplainToText(const ExplainOptions& options);

}  // namespace drover::grading
