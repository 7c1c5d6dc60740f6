// Grades a block of lines of `drover grade`, in this process or by verifiers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drover/v1/verifier.pb.h"

namespace drover::grading {

struct BlockGraderOptions {
  std::string format = "boxed";  // boxed, answer_tag, answer_tag_lenient or plain
  std::string grader = "math";   // of lines that name none
  v1::GradingOptions options;
  int threads = 0;  // 0: one per core
  // host:port of running verifiers that grade; empty: graded in this process. Their graders are theirs to know.
  std::vector<std::string> verifiers;
};

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
std::unique_ptr<BlockGrader> MakeBlockGrader(const BlockGraderOptions& options);

}  // namespace drover::grading
