// `drover generate`: a file of prompts in, a file of responses out, through the actor's engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "programs/model/tool_model.h"

namespace drover::model_tool {

struct GenerateOptions {
  ToolModelOptions model;
  std::string prompts;  // JSONL, see lines.h; "-" is standard input
  std::string out;  // JSONL: the responses of the first prompt, of the second, ...; "-" is standard output
  // Absent: 256, or what the context leaves after the prompt if that is less.
  std::optional<uint32_t> max_new_tokens;
  double temperature = 1.0;
  double top_p = 1.0;
  uint32_t top_k = 0;
  double min_p = 0.0;
  uint32_t n = 1;  // responses a prompt
  uint64_t seed = 0;
  std::string prompt_template = "none";  // a name, or a text with {question}; not for token ids
  bool add_special_tokens = true;        // of the tokenizer's post-processor; not for token ids
  std::vector<std::string> stop;         // given, they replace the template's
  bool keep_stop = false;    // the stop text stays in the response, also where the template says otherwise
  int64_t max_batch = 64;    // responses decoded at a time
  int64_t cache_bytes = 0;   // for keys and values; 0: actor::EngineOptions'
  bool speculation = false;  // actor::EngineOptions'
  int tensor_parallel = 1;   // processes on this machine that hold the model together
  // Each prompt's responses are written, and flushed, as soon as they are done, in whatever order; otherwise in the prompts' order.
  bool unordered = false;
  bool brief = false;  // lines without token ids and log-probabilities, with their number
  // A response may have at most what the context leaves after its prompt; one whose prompt leaves nothing has no tokens.
  bool fit_context = false;
};

// The prompt on line i (blank lines not counted, from 0) draws the random numbers of group i, or of the group that the line names. INVALID_ARGUMENT or
// NOT_FOUND for bad input ("FILE:LINE: why"); then there is no output file.
absl::Status Generate(const GenerateOptions& options);

}  // namespace drover::model_tool
