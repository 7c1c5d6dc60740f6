// The prompts of measurements of generation: random ones, or those of a file, where it depends on what is said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::model_tool {

// `count` prompts of `tokens` random ids below `vocabulary`; the same for the same seed.
std::vector<std::vector<uint32_t>> RandomPrompts(size_t count, uint32_t tokens, int64_t vocabulary,
                                                 uint64_t seed);

// The prompts of `file`, lines as `drover generate` takes them, of which only the prompts are looked at; texts are put into
// the template (FindTemplate's, or chat) and encoded by the tokenizer of the model's directory. None where `file` is
// empty. INVALID_ARGUMENT or NOT_FOUND ("FILE:LINE: why"), also for a file without prompts.
absl::StatusOr<std::vector<std::vector<uint32_t>>> BenchPrompts(const std::string& model_dir,
                                                                const std::string& file,
                                                                const std::string& prompt_template);

}  // namespace drover::model_tool
