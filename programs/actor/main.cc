// drover-actor: parse, build and run, wait, drain.
#include "base/exceptions.h"
#include "base/stop_signal.h"
#include "programs/actor/flags.h"
#include "programs/actor/process.h"
#include "programs/process/broken_pipes.h"
#include "programs/process/file_limit.h"

int main(int argc, char** argv) {
  namespace process = drover::process;
  drover::actor_process::Flags flags;
  int exit_code = 0;
  if (!drover::actor_process::ParseFlags(argc, argv, &flags, &exit_code)) return exit_code;
  drover::StopSignal signals;
  process::RaiseFileLimit();
  process::IgnoreBrokenPipes();
  if (const absl::Status started = process::StartLog(flags.common, flags.name); !started.ok()) {
    return process::Conclude(started);
  }
  return process::Conclude(
      drover::CatchExceptions("actor", [&] { return drover::actor_process::RunActor(flags, signals); }));
}
