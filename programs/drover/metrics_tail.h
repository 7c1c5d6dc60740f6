// Reads the lines of metrics.jsonl as they are written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drover::cli {

// Not thread-safe.
class MetricsTail {
 public:
  explicit MetricsTail(std::string path) : path_(std::move(path)) {}

  // The whole lines that were added since the last call (the first call: all). Lines that are no JSON objects are
  // passed over: the writer is another process, which may have died in the middle of one.
  std::vector<nlohmann::ordered_json> TakeNew();

 private:
  std::string path_;
  std::streamoff at_ = 0;
};

}  // namespace drover::cli
