// Reads the lines of metrics.jsonl as they are written, also where a run goes back and writes the file anew.
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
  // Another file than the last one stands there: it is read from its beginning, for what is of a later incarnation.
  void LookForAnother();

  std::string path_;
  std::streamoff at_ = 0;
  uint64_t inode_ = 0;
  int64_t incarnation_ = -1;  // of the newest line
  int64_t passed_over_ = -1;  // lines up to this incarnation were taken before
};

}  // namespace drover::cli
