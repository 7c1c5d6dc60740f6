// JSONL files in and out, with errors that name file and line.
#pragma once

#include <cstddef>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::model_tool {

// A JSON value and where it came from.
struct InputLine {
  std::string where;  // "FILE:LINE"
  nlohmann::json value;
};

// Reads one JSON object a line; blank lines are skipped. Memory is that of one line, which may have up to 64 MiB.
class JsonlReader {
 public:
  // "-" is standard input. NOT_FOUND or another error that names the file.
  static absl::StatusOr<JsonlReader> Open(const std::string& path);

  // The next object; nullopt at the end. INVALID_ARGUMENT "FILE:LINE: why" for what is none.
  absl::StatusOr<std::optional<InputLine>> Next();

 private:
  explicit JsonlReader(std::string path) : path_(std::move(path)) {}
  absl::StatusOr<bool> ReadLine(std::string* line);

  std::string path_;
  std::ifstream file_;
  size_t number_ = 0;
};

// Writes one JSON object a line. The file is there whole after Close, or not at all: until then it is PATH.part.
// Pipes, devices ("-" is standard output) and links are written directly.
class JsonlWriter {
 public:
  static absl::StatusOr<JsonlWriter> Open(const std::string& path);
  JsonlWriter(JsonlWriter&& other) noexcept;
  ~JsonlWriter();  // removes what Close did not finish

  // Bytes of texts that are no UTF-8 become U+FFFD.
  absl::Status Write(const nlohmann::ordered_json& object);
  // What was written is on its way to whoever reads it.
  absl::Status Flush();
  absl::Status Close();

 private:
  explicit JsonlWriter(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::string part_;  // the file that is written; empty when `path_` itself is
  std::ofstream file_;
};

}  // namespace drover::model_tool
