// What the flags of `drover analyze` say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace drover::cli::analyze {

// A model: on this machine, or served elsewhere.
struct ModelOptions {
  std::string folder;             // a Hugging Face directory; or
  std::string endpoint;           // the address of a server of the OpenAI-compatible API,
  std::string endpoint_model;     // its name for the model,
  bool endpoint_chat = false;     // and whether prompts are sent as chats of one user message
  std::string api_key_env;        // the environment variable with the key; empty: none
  int concurrency = 8;            // requests at a time
  double request_timeout = 1200;  // seconds of a whole request
  std::string device = "auto", dtype = "float32";
  int threads = 0;
  int64_t max_batch = 64;
};

struct JudgeOptions {
  std::string endpoint;  // empty: no judge
  std::string model;
  std::string api_key_env;
  int concurrency = 8;
  double request_timeout = 1200;
  uint32_t max_answer_tokens = 16;
};

struct AnalyzeOptions {
  std::vector<std::string> folders;  // Hugging Face directories: each a model that is looked at
  // How models are run, and the one that is served elsewhere, if any. In a session's options (session.h): the one model it looks at.
  ModelOptions model;
  JudgeOptions judge;
  std::string suite;                    // a folder of JSONL files, or one
  std::vector<std::string> benchmarks;  // empty: all
  std::optional<uint64_t> limit;        // the first so many questions of each
  std::vector<std::string> templates;
  std::vector<double> temperatures;
  uint32_t n = 1;
  uint32_t k = 8;  // exploration: of pass@k
  double top_p = 1;
  uint32_t top_k = 0;
  double min_p = 0;
  uint32_t max_response_tokens = 1024;
  uint64_t seed = 0;
  std::string run;  // reflection: a run folder
  std::string out;
  bool json = false;
};

}  // namespace drover::cli::analyze
