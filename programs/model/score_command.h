// `drover score`: log-probabilities of token sequences by the learner's forward path.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "programs/model/tool_model.h"

namespace drover::model_tool {

struct ScoreOptions {
  ToolModelOptions model;
  std::string in;   // JSONL, see lines.h; "-" is standard input
  std::string out;  // JSONL {"id","logprobs"} in the same order; "-" is standard output
  int64_t top = 0;  // also the ids and values of so many largest logits of the last position
};

// INVALID_ARGUMENT or NOT_FOUND for bad input ("FILE:LINE: why"), INTERNAL for a log-probability that is not finite;
// then there is no output file.
absl::Status Score(const ScoreOptions& options);

}  // namespace drover::model_tool
