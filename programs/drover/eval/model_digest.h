// Which model a folder holds: an evaluation is of these weights and not of a name.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace drover::cli {

// XXH3-128 over names and bytes of what decides about a model's responses in a Hugging Face directory: config.json,
// generation_config.json, tokenizer.json, adapter_config.json, and every .safetensors file; of adapters (model/lora_files.h)
// over those of their base as well. Reads them whole. INVALID_ARGUMENT or NOT_FOUND for a folder whose configuration or
// tokenizer cannot be used.
absl::StatusOr<std::string> ModelDigest(const std::string& dir);

}  // namespace drover::cli
