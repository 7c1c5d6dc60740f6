// `drover serve`: a model behind the OpenAI-compatible HTTP API.
//
//   HTTP server --> Api (keys, parsing, templates, tokens) --> Loop (this thread) --> Engine
//
// SIGTERM or SIGINT drains: /readyz says 503, new requests are refused, those that are there end within drain_seconds; the
// rest fail. A second signal is the end of the drain.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/stop_signal.h"
#include "programs/model/tool_model.h"

namespace drover::serve {

struct ServeOptions {
  model_tool::ToolModelOptions model;
  std::string host = "127.0.0.1";
  int port = 8000;   // 0: the system picks one
  std::string name;  // of the model, in requests; empty: the directory's
  std::string api_key_file;
  std::string allow_origin;  // whose pages browsers may let ask; *: all; empty: none
  std::string port_file;
  std::string log_file;
  std::string log_level = "info";
  int64_t max_batch = 64;      // responses decoded at a time
  int64_t cache_bytes = 0;     // for keys and values; 0: actor::EngineOptions'
  int64_t max_context = 0;     // tokens of prompt and response; 0: the model's, or what fits
  int64_t max_requests = 256;  // that wait or run; beyond it 429
  double request_seconds = 600;
  double drain_seconds = 20;
};

// All flags but the model's own.
void AddServeFlags(CLI::App& command, ServeOptions& options);

// Serves until it has drained: OK. INVALID_ARGUMENT or NOT_FOUND for flags, a model or a key file that are wrong,
// UNAVAILABLE for an address that cannot be listened on.
absl::Status Serve(const ServeOptions& options, StopSignal& signals);

}  // namespace drover::serve
