// `drover train` and `drover sft`: start a local run of real processes, show it, and stop it cleanly.
#pragma once

#include <string>
#include <vector>

namespace drover::cli {

struct TrainOptions {
  std::string recipe = "arithmetic";   // a shipped name or a file
  std::vector<std::string> overrides;  // path=value
  std::string out;                     // the run folder; empty: runs/NAME-TIME
  std::string resume;                  // a run folder to go on from
  bool quiet = false;                  // nothing but errors
  bool json = false;                   // the lines of metrics.jsonl, then the summary
  std::string log_level = "info";
  bool supervised = false;  // `drover sft`: recipes with sft.train, and those alone
};

// Returns the exit status: 0 done, 1 a failure (its reason is the last line), 2 bad input (nothing was started or
// written), 130 after Ctrl-C.
int Train(const TrainOptions& options);

}  // namespace drover::cli
