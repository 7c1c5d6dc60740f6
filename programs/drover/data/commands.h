// What the commands of `drover data` do (docs/reference/cli.md), one function each. Their errors are bad input by
// INVALID_ARGUMENT and NOT_FOUND; nothing was written then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "data/contamination.h"
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

struct DataFilterOptions {
  QuestionInput in;
  std::vector<std::string> graded;  // files of graded responses
  std::string pass_rate;            // LOW:HIGH
  std::string out;
};
absl::Status FilterData(const DataFilterOptions& options);

struct DataContaminationOptions {
  std::vector<std::string> train, eval;  // FILE or FILE:FORMAT
  data::QuestionFileOptions reading;     // of those that name no format
  data::OverlapOptions overlap;
  bool json = false;
};
absl::Status FindContamination(const DataContaminationOptions& options);

struct DataMixOptions {
  std::vector<std::string> parts;  // FILE:WEIGHT or FILE:WEIGHT:FORMAT
  data::QuestionFileOptions reading;
  uint64_t count = 0;
  uint64_t seed = 1;
  std::string out;
};
absl::Status MixData(const DataMixOptions& options);

struct DataGenerateOptions {
  std::string kind;  // of data::GeneratorNames()
  uint64_t count = 0;
  uint64_t seed = 1;
  std::vector<std::string> overrides;  // recipe fields of data
  std::string out;
  std::string heldout;  // empty: none
  uint64_t heldout_count = 512;
};
absl::Status GenerateData(const DataGenerateOptions& options);

}  // namespace drover::cli
