// The prompts of a file, for measurements of generation that depend on what is said.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace drover::model_tool {

// The prompts of `file`, lines as `drover generate` takes them, of which only the prompts are looked at; texts are put into
// the template (FindTemplate's, or chat) and encoded by the tokenizer of the model's directory. None where `file` is
// empty. INVALID_ARGUMENT or NOT_FOUND ("FILE:LINE: why"), also for a file without prompts.
absl::StatusOr<std::vector<std::vector<uint32_t>>> BenchPrompts(const std::string& model_dir,
                                                                const std::string& file,
                                                                const std::string& prompt_template);

}  // namespace drover::model_tool
