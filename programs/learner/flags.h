// The flags of drover-learner; each may also be given in the environment as DROVER_ and its name in capitals.
#pragma once

#include <string>

#include "programs/process/flags.h"
#include "programs/process/rank_flags.h"

namespace drover::learner_process {

struct Flags : process::RankFlags {
  std::string run;             // the run folder
  std::string recipe;          // the effective recipe; empty: RUN/recipe.textproto
  double drain_seconds = 600;  // from SIGTERM to the end, the checkpoint included
  std::string device;          // overrides the recipe's
  int threads = 0;             // compute threads; 0: as the recipe says, or one per core
  std::string listen = "127.0.0.1:0";
  double started = 0;        // when the run was started, seconds since the epoch; 0: when this process was
  std::string check_device;  // not empty: only say whether this device can be used
  process::CommonFlags common;
};

// Parses the command line. Returns true to go on; false to end with *exit_code (--help, or flags that are wrong: 2).
bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code);

}  // namespace drover::learner_process
