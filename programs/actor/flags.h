// The flags of drover-actor; each may also be given in the environment as DROVER_ and its name in capitals.
#pragma once

#include <string>

#include "programs/process/flags.h"
#include "programs/process/rank_flags.h"

namespace drover::actor_process {

struct Flags : process::RankFlags {
  std::string name;      // unique among the run's actors; default: the host's name
  std::string learner;   // host:port; of rank 0
  std::string verifier;  // host:port, several separated by commas; of rank 0
  int ranks = 1;         // processes that are this actor together: actors.tensor_parallel of the recipe
  std::string recipe;    // empty: the learner's
  std::string model;     // a folder with config.json and tokenizer.json; empty: the learner's files
  std::string device;    // overrides the recipe's
  int place = -1;        // among the processes of this machine that take its GPUs in turn; below 0: the rank
  int threads = 0;       // compute threads; 0: as the recipe says, or one per core
  double drain_seconds = 15;
  process::CommonFlags common;
};

// Parses the command line. Returns true to go on; false to end with *exit_code (--help, or flags that are wrong: 2).
bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code);

}  // namespace drover::actor_process
