// What the commands of `drover data` do (docs/reference/cli.md), one function each. Their errors are bad input by
// INVALID_ARGUMENT and NOT_FOUND; nothing was written then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "data/question_file.h"

namespace drover::cli {

// A question file as the flags name it.
struct QuestionInput {
  std::string path;
  data::QuestionFileOptions options;
};

struct DataInspectOptions {
  QuestionInput in;
  std::string grader = "math";
  bool json = false;
};
absl::Status InspectData(const DataInspectOptions& options);

struct DataConvertOptions {
  QuestionInput in;
  std::string out;
  std::string levels;
  std::vector<std::string> subjects;
  bool unique = false;
};
absl::Status ConvertData(const DataConvertOptions& options);

}  // namespace drover::cli
