// Files of one JSON object a line, each with a "step".
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::run {

// One line, bytes that are no UTF-8 replaced, numbers that are not finite written as null.
std::string ToLine(const nlohmann::ordered_json& object);

// The objects of a JSONL file; a torn last line (a crash while writing) is left out. A missing file is empty.
absl::StatusOr<std::vector<nlohmann::ordered_json>> ReadJsonl(const std::string& path);

// Removes the lines whose "step" is above `step`, and a torn last line: what a resumed run will do again.
absl::Status KeepStepsUpTo(const std::string& path, uint64_t step);

}  // namespace drover::run
