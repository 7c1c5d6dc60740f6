// `drover checkpoint export` (docs/reference/cli.md).
//
//   checkpoint ─▶ digests compared ─▶ weights as --dtype ─▶ OUT/model.safetensors
//             └─▶ config.json (says that dtype), tokenizer and the other files of the model
//
// Of a run with learner.lora it is a folder of adapters, as they are, that Hugging Face's peft loads over their base; with
// --merge the model that they make of it.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace drover::cli::checkpoint {

struct ExportOptions {
  std::string path;              // a run folder, or a checkpoint's
  std::string out;               // appears whole or not at all
  std::optional<uint64_t> step;  // of a run: which; unset: the newest
  std::string dtype;             // float32, bfloat16, float16; empty: as stored
  bool merge = false;            // adapters: into the model that they adapt
  std::string base;              // with merge: its folder; empty: where it was when the run began
};

// Another dtype than the stored one is made of the master weights where the checkpoint has them, so that nothing is rounded
// twice; a merged model is that of the run's own dtype, rounded again where another is asked for. INVALID_ARGUMENT or NOT_FOUND for what was asked for; DATA_LOSS for a damaged checkpoint.
absl::Status Export(const ExportOptions& options, std::ostream& out);

}  // namespace drover::cli::checkpoint
