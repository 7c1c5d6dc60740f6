// The flags of drover-learner; each may also be given in the environment as DROVER_ and its name in capitals.
#pragma once

#include <string>

#include "programs/process/flags.h"

namespace drover::learner_process {

struct Flags {
  std::string run;     // the run folder
  std::string recipe;  // the effective recipe; empty: RUN/recipe.textproto
  int rank = 0;
  std::string rendezvous;     // host:port of rank 0's rendezvous, with several ranks
  std::string rank_address;   // of this machine, for the other ranks; empty: what the host's name resolves to
  double join_seconds = 600;  // for all ranks to come
  double collective_seconds = 600;  // of one collective; a peer that is later is taken for dead
  double drain_seconds = 600;       // from SIGTERM to the end, the checkpoint included
  std::string device;               // overrides the recipe's
  int threads = 0;                  // compute threads; 0: as the recipe says, or one per core
  std::string listen = "127.0.0.1:0";
  double started = 0;        // when the run was started, seconds since the epoch; 0: when this process was
  std::string check_device;  // not empty: only say whether this device can be used
  process::CommonFlags common;
};

// Parses the command line. Returns true to go on; false to end with *exit_code (--help, or flags that are wrong: 2).
bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code);

}  // namespace drover::learner_process
