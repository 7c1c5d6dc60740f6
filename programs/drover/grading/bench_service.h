// `drover bench grade-service`: grades a second through a verifier's server on loopback, against the same grades in
// this process.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace drover::grading {

struct BenchServiceOptions {
  std::string in;      // lines that `drover grade` reads; empty: generated integers, fractions and decimals
  double seconds = 2;  // of each of the three measurements
  int threads = 0;     // grading threads; 0: one per core
  int callers = 8;     // unary calls, and then streams, at a time
  int batch = 256;     // requests of a unary call
};

// {"in_process", "unary", "stream": {"grades_per_second", ...}, "threads", "callers", "batch", "requests"}. The client
// runs in the same process and on the same cores as the server. An error of any call is an error here.
absl::StatusOr<nlohmann::ordered_json> BenchService(const BenchServiceOptions& options);

}  // namespace drover::grading
