// drover-learner: parse, validate, build and run, wait, stop in order.
#include <string>

#include "base/exceptions.h"
#include "base/log.h"
#include "base/stop_signal.h"
#include "model/device.h"
#include "model/large_tensors.h"
#include "programs/learner/flags.h"
#include "programs/learner/process.h"
#include "programs/process/broken_pipes.h"
#include "programs/process/exit_status.h"
#include "programs/process/file_limit.h"
#include "programs/process/heap.h"
#include "recipe/load.h"

int main(int argc, char** argv) {
  namespace process = drover::process;
  using drover::learner_process::RunEnd;
  drover::learner_process::Flags flags;
  int exit_code = 0;
  if (!drover::learner_process::ParseFlags(argc, argv, &flags, &exit_code)) return exit_code;
  drover::StopSignal signals;
  process::RaiseFileLimit();
  process::IgnoreBrokenPipes();
  process::GiveLargeBlocksBack();
  drover::model::UseLargeTensorMemory();
  const std::string name = "learner-" + std::to_string(flags.rank);
  if (const absl::Status started = process::StartLog(flags.common, name); !started.ok()) {
    return process::Conclude(started);
  }
  if (!flags.check_device.empty()) {
    const auto device = drover::model::ResolveDevice(flags.check_device);
    return process::Conclude(device.ok() ? drover::model::TryDevice(*device) : device.status());
  }
  const auto recipe = drover::recipe::LoadRecipe(flags.recipe, {}, {.read_questions = false});
  if (!recipe.ok()) return process::Conclude(recipe.status());
  const auto end = drover::CatchExceptions(
      "learner", [&] { return drover::learner_process::RunRank(flags, *recipe, signals); });
  if (!end.ok()) return process::Conclude(end.status());
  return *end == RunEnd::kDone ? process::kExitDone : process::kExitStopped;
}
