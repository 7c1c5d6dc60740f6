// `drover bench generate`: how fast the actor's engine decodes.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "programs/model/bench/lengths.h"
#include "programs/model/bench/shapes.h"
#include "programs/model/tool_model.h"

namespace drover::model_tool {

struct BenchGenerateOptions {
  ToolModelOptions model;                 // an empty dir: random weights of `shape`
  std::string shape = "embedded";         // see shapes.h
  std::vector<uint32_t> rows = {192};     // responses decoded at a time; one measurement each
  uint32_t group_size = kBenchGroupSize;  // so many of them, or what is left, have a prompt in common
  TokenRange tokens = {40, 40};           // a response; over a range: unlike_lengths.h
  uint32_t batches = 8;                   // of unlike lengths, a round
  uint32_t prompt_tokens = 16;            // a prompt; random ids
  std::string prompts;                    // a file of prompts in their place (prompts.h); empty: none
  std::string prompt_template = "none";
  double temperature = 1.0;
  bool speculation = false;  // actor::EngineOptions'
  int tensor_parallel = 1;   // processes on this machine that hold the model together; with a directory
  uint32_t repeats = 3;      // the fastest of so many counts, after one that does not; of a range the median
  bool limits = false;       // say the device's limits, too, which the shares are of
};

// One object for each element of `rows`, handed to `report` as soon as it is measured; docs/reference/cli.md has its
// fields. With `prompts` a round takes them all, `rows` / `group_size` at a time, and samples the same tokens each time; responses to
// random prompts have their length whatever the model says. INVALID_ARGUMENT or NOT_FOUND for prompts that cannot be read.
absl::Status BenchGenerate(const BenchGenerateOptions& options,
                           const std::function<void(const nlohmann::ordered_json&)>& report);

}  // namespace drover::model_tool
