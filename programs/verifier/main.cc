// drover-verifier: parse, build and serve, wait, drain.
#include "base/stop_signal.h"
#include "programs/process/broken_pipes.h"
#include "programs/process/file_limit.h"
#include "programs/process/flags.h"
#include "programs/verifier/process.h"

int main(int argc, char** argv) {
  namespace process = drover::process;
  drover::verifier_process::Flags flags;
  int exit_code = 0;
  if (!drover::verifier_process::ParseFlags(argc, argv, &flags, &exit_code)) return exit_code;
  drover::StopSignal signals;
  process::RaiseFileLimit();
  process::IgnoreBrokenPipes();
  if (const absl::Status started = process::StartLog(flags.common, flags.name); !started.ok()) {
    return process::Conclude(started);
  }
  return process::Conclude(drover::verifier_process::Run(flags, signals));
}
