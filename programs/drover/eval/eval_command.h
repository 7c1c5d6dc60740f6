// `drover eval` and `drover compare` (docs/reference/cli.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace drover::cli {

struct EvalOptions {
  std::string model;  // a Hugging Face directory; with `endpoint` the server's name for the model
  std::string endpoint;
  std::string api_key_env;  // the environment variable that holds the endpoint's key
  bool ask_as_chat = false;
  int concurrency = 8;
  double request_timeout = 1200;  // seconds of a whole request to the endpoint
  std::string fleet;  // host:port where actors find the learner of the evaluation; empty: no fleet

  std::string suite;
  std::vector<std::string> benchmarks;
  std::optional<uint64_t> limit;
  std::string problem_key = "problem", answer_key = "answer";

  std::string prompt_template = "none";
  std::string few_shot;
  std::vector<std::string> stop;  // given, they replace the template's
  std::string format;             // given, it replaces the template's
  std::string grader = "math";
  bool refuse_unevaluated = false, exact_golds = false, boxed_lists = false, truncated_is_wrong = false;

  uint32_t n = 1;
  std::optional<double> temperature;  // absent: 0 for one response a question, else 1
  double top_p = 1;
  uint32_t top_k = 0;
  double min_p = 0;
  uint32_t max_response_tokens = 3000;
  uint64_t seed = 0;

  std::string device = "auto", dtype = "float32";
  int threads = 0, grading_threads = 0;
  int64_t max_batch = 64;

  std::string out;
  bool json = false, no_published = false;
};
int Eval(const EvalOptions& options);

struct CompareRunsOptions {
  std::string a, b;
  bool common = false;
  uint64_t seed = 0;
  bool json = false;
};
int CompareRuns(const CompareRunsOptions& options);

// Their flags.
CLI::App* AddEvalFlags(CLI::App& app, EvalOptions* options);
CLI::App* AddCompareFlags(CLI::App& app, CompareRunsOptions* options);

}  // namespace drover::cli
