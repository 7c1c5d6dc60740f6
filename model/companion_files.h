// What stands beside the weights in a Hugging Face directory: configuration, tokenizer, chat template, licence.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "model/config.h"

namespace drover::model {

struct CompanionLimits {
  uint64_t file_bytes = uint64_t{64} << 20;
  uint64_t all_bytes = uint64_t{256} << 20;  // of all files together
};

// Contents by name.
using CompanionFiles = std::map<std::string, std::string>;

// Every file of `dir` (folders in it aside) that holds neither weights, in whatever format, nor an index of them. One
// that would go over a limit or cannot be read is left out with a note; config.json, generation_config.json and
// tokenizer.json come first. NOT_FOUND for a folder that is not there. `notes` may be null.
absl::StatusOr<CompanionFiles> ReadCompanionFiles(const std::string& dir, ModelNotes* notes = nullptr,
                                                  const CompanionLimits& limits = {});

}  // namespace drover::model
