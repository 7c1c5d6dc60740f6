// The small transformers of tests: one place for their sizes. A test that needs another changes a copy. No LibTorch.
#pragma once

#include <string>

#include "model/config.h"

namespace drover::model::testing {

// What TinyConfig knows: each family of models, and each scaling of rotary frequencies.
constexpr const char* kTinyFamilies[] = {"llama", "llama3",  "linear", "yarn",        "mistral", "qwen2",
                                         "qwen3", "smollm3", "gemma2", "gemma3_text", "phi3",    "olmo2"};

// One layer of width 8 with 32 tokens and a tied head.
ModelConfig SmallConfig();

// Two layers, width 24, 4 query and 2 key heads, 37 tokens; `model_type` sets what is particular to the family: windows
// of 5 tokens where it has windows. "linear", "yarn" and "llama3" are llama with such rotary frequencies; "llama3" has an
// untied head.
ModelConfig TinyConfig(const std::string& model_type = "llama");

// Two layers of width 16, 4 query and 2 key heads, 23 tokens: for training, where every step counts.
ModelConfig TrainingConfig();

}  // namespace drover::model::testing
