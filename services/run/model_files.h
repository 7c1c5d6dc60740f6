// The small files of RUN/model (configuration and tokenizer) as RunService.GetModelFiles carries them to actors that
// share no disk with the learner.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "drover/v1/run.pb.h"

namespace drover::run {

// Of all files together, in an answer. The largest tokenizers in use have a third of it.
inline constexpr uint64_t kMaxModelFilesBytes = uint64_t{48} << 20;

// Reads the files of `folder` that concern shape and text; config.json and tokenizer.json must be there.
// RESOURCE_EXHAUSTED above kMaxModelFilesBytes.
absl::StatusOr<v1::GetModelFilesResponse> PackModelFiles(const std::string& folder);

// Data by name. DATA_LOSS when a digest does not fit or a file that must be there is not; INVALID_ARGUMENT for a name
// that is no plain file name; RESOURCE_EXHAUSTED above kMaxModelFilesBytes.
absl::StatusOr<std::map<std::string, std::string>> UnpackModelFiles(const v1::GetModelFilesResponse& answer);

}  // namespace drover::run
