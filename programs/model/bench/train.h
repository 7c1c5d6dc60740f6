// `drover bench train`: how fast the learner takes optimizer steps.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "programs/model/tool_model.h"

namespace drover::model_tool {

struct BenchTrainOptions {
  ToolModelOptions model;          // an empty dir: random weights of `shape`
  std::string shape = "embedded";  // see shapes.h
  uint32_t steps = 20;             // optimizer steps that count, after one that does not
  uint32_t responses = 16;         // an optimizer step, in groups of 8
  uint32_t microbatch = 4;         // responses a forward and backward pass
  uint32_t prompt_tokens = 64;     // a prompt; random ids
  uint32_t tokens = 256;           // a response
  bool limits = false;  // measure the device's limits first, and report the share of the matrix rate
};

// Steps of Dr. GRPO on random responses with random rewards, the log-probabilities of the old policy computed anew as in
// a run. docs/reference/cli.md has the object's fields. INTERNAL when a step was skipped (loss or gradient not finite).
absl::StatusOr<nlohmann::ordered_json> BenchTrain(const BenchTrainOptions& options);

}  // namespace drover::model_tool
