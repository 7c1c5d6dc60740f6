// `drover bench train`: how fast the learner takes optimizer steps.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "programs/model/bench/lengths.h"
#include "programs/model/tool_model.h"

namespace drover::model_tool {

struct BenchTrainOptions {
  ToolModelOptions model;                   // an empty dir: random weights of `shape`
  std::string shape = "embedded";           // see shapes.h
  uint32_t steps = 20;                      // optimizer steps that count, after one that does not
  uint32_t sequences = 16;                  // responses an optimizer step, in groups of 8
  uint32_t microbatch = 4;                  // responses a forward and backward pass
  uint32_t prompt_tokens = 64;              // a prompt; random ids
  TokenRange response_tokens = {256, 256};  // a response; spread evenly over a step's responses
  bool activation_checkpointing = false;    // learner.activation_checkpointing
  uint32_t lora_rank = 0;                   // learner.lora.rank; 0: all weights are trained
  bool limits = false;                      // measure the copy bandwidth, too
};

// Steps of Dr. GRPO on random responses with random rewards, strictly on-policy: one forward and one backward pass over
// each. docs/reference/cli.md has the object's fields. INTERNAL when a step was skipped (loss or gradient not finite).
absl::StatusOr<nlohmann::ordered_json> BenchTrain(const BenchTrainOptions& options);

}  // namespace drover::model_tool
