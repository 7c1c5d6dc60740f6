// The flags of drover-learner; each may also be given in the environment as DROVER_ and its name in capitals.
#pragma once

#include <string>

#include "base/log.h"

namespace drover::learner_process {

struct Flags {
  std::string run;     // the run folder
  std::string recipe;  // the effective recipe; empty: RUN/recipe.textproto
  int rank = 0;
  std::string rendezvous;  // host:port of rank 0's rendezvous, with several ranks
  std::string device;      // overrides the recipe's
  int threads = 0;         // compute threads; 0: as the recipe says, or one per core
  std::string listen = "127.0.0.1:0";
  std::string metrics_listen = "127.0.0.1:0";
  std::string port_file;
  std::string log_file;
  std::string log_level = "info";
};

// Parses the command line. Returns true to go on; false to end with *exit_code (--help, or flags that are wrong: 2).
bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code);

}  // namespace drover::learner_process
