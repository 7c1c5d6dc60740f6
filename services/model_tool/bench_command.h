// `drover bench generate`: how fast the actor's engine decodes.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "services/model_tool/tool_model.h"

namespace drover::model_tool {

struct BenchGenerateOptions {
  ToolModelOptions model;       // an empty dir: a random model of the embedded recipe's shape
  uint32_t rows = 192;          // responses decoded at a time, in groups of 8
  uint32_t tokens = 40;         // a response
  uint32_t prompt_tokens = 16;  // a prompt; random ids
  uint32_t repeats = 3;         // the fastest of so many, after one that does not count
};

// {"tokens_per_second", "seconds", "tokens", "rows", "prompt_tokens", "dtype", "threads", "parameters"}; tokens are
// sampled ones (temperature 1), seconds include the prompts' prefill.
absl::StatusOr<nlohmann::ordered_json> BenchGenerate(const BenchGenerateOptions& options);

}  // namespace drover::model_tool
