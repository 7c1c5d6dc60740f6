// Files of one JSON object a line, each with a "step".
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover::run {

// One line, bytes that are no UTF-8 replaced, numbers that are not finite written as null.
std::string ToLine(const nlohmann::ordered_json& object);

// The number, or null.
nlohmann::ordered_json OrNull(const std::optional<double>& value);

// Appends lines, which a reader may see at once: whole ones, or after an error part of them, which KeepStepsUpTo
// removes.
absl::Status AppendLines(const std::string& path, std::string_view lines,
                         FileSystem* files = PosixFileSystem());

// The objects of a JSONL file; a torn last line (a crash while writing) is left out. A missing file is empty.
absl::StatusOr<std::vector<nlohmann::ordered_json>> ReadJsonl(const std::string& path,
                                                              FileSystem* files = PosixFileSystem());

// Removes the lines whose "step" is above `step`: what a resumed run will do again. Returns how many others it
// removed because they are no JSON object with a step: a torn line, zeros, or two lines in one, as a crash of the
// machine leaves.
absl::StatusOr<uint64_t> KeepStepsUpTo(const std::string& path, uint64_t step,
                                       FileSystem* files = PosixFileSystem());

struct JsonlCount {
  uint64_t records = 0;  // JSON objects with a step
  uint64_t broken = 0;   // other lines
};
// Of a missing file 0 and 0.
absl::StatusOr<JsonlCount> CountJsonl(const std::string& path);

// "PATH: 2 lines that are no whole record were dropped", for a person.
std::string DroppedText(const std::string& path, uint64_t lines);

}  // namespace drover::run
