// Grades a block of lines of `drover grade`, in this process or by verifiers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drover/v1/verifier.pb.h"
#include "programs/drover/grading/grade_command.h"

namespace drover::grading {

struct Item {
  size_t number = 0;    // of the line, from 1
  std::string text;     // the line
  absl::Status status;  // why it could not be read
  std::string id;       // JSON text
  v1::GradeRequest request;
  v1::GradeResult result;
};

class BlockGrader {
 public:
  virtual ~BlockGrader() = default;
  // Fills every item's result, or the status of those that cannot be read. An error says why nothing was graded.
  virtual absl::Status Grade(std::vector<Item>& block) = 0;
};

// By what `options` say.
std::unique_ptr<BlockGrader> MakeBlockGrader(const GradeFileOptions& options);

}  // namespace drover::grading
