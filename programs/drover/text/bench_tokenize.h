// `drover bench tokenize`: how fast a tokenizer encodes and decodes a text, on one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace drover::text {

struct BenchTokenizeOptions {
  std::string model;   // a folder with tokenizer.json
  std::string file;    // UTF-8
  double seconds = 2;  // of each of the three measurements
};

// {"load_seconds", "bytes", "lines", "tokens", "encode", "encode_lines", "decode", "threads": 1}. "encode" takes the file as
// one text, "encode_lines" each line as a text of its own, "decode" the ids of the whole; each is {"first_seconds",
// "seconds", "rounds", "megabytes_per_second", "tokens_per_second"}: the first round, in which no word was met before, and the
// median of those that follow. A file that cannot be read or encoded is an error.
absl::StatusOr<nlohmann::ordered_json> BenchTokenize(const BenchTokenizeOptions& options);

}  // namespace drover::text
