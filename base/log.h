// Structured logs: one JSON object a line, {"time","level","process","message", fields...}.
//
//   log::Info("group accepted", {{"lease", 17}, {"actor", "actor-0"}});
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace drover::log {

enum class Level { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning", "error", and back.
std::string_view LevelName(Level level);
absl::Status ParseLevel(std::string_view name, Level* level);

struct Options {
  std::string process = "drover";  // who speaks: "learner-0", "actor-1", "verifier-0"
  Level level = Level::kInfo;      // lines below it are dropped
  std::string file;                // appended to; empty: standard error
};

// Sets where lines go from now on. Call it once at the start of main; before that lines go to standard error.
absl::Status Start(const Options& options);

using Fields = nlohmann::json::object_t;

// Thread-safe; a line is written with one write, so lines of several threads never mix.
void Write(Level level, std::string_view message, const Fields& fields = {});
inline void Debug(std::string_view message, const Fields& fields = {}) {
  Write(Level::kDebug, message, fields);
}
inline void Info(std::string_view message, const Fields& fields = {}) {
  Write(Level::kInfo, message, fields);
}
inline void Warning(std::string_view message, const Fields& fields = {}) {
  Write(Level::kWarning, message, fields);
}
inline void Error(std::string_view message, const Fields& fields = {}) {
  Write(Level::kError, message, fields);
}

}  // namespace drover::log
