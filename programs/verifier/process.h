// drover-verifier: a GraderPool behind VerifierService, with health, probes and metrics.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "base/stop_signal.h"
#include "programs/process/flags.h"

namespace drover::verifier_process {

struct Flags {
  std::string name = "verifier";  // who speaks, in logs
  std::string listen = "127.0.0.1:0";
  std::string recipe;
  int threads = -1;  // -1: verifiers.threads of the recipe, or one per core
  double drain_seconds = 20;
  double max_connection_age_seconds = 60;
  process::CommonFlags common;
};

// True to go on; false to end with *exit_code.
bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code);

// Serves until a signal, then drains: not ready, no new streams, calls in flight finished within drain_seconds (a
// second signal cuts that short). OK after an orderly end.
absl::Status Run(const Flags& flags, StopSignal& signals);

}  // namespace drover::verifier_process
