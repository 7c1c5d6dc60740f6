// drover-learner: parse, validate, build and run, wait, stop in order.
#include <string>

#include "base/log.h"
#include "base/stop_signal.h"
#include "model/device.h"
#include "services/learner/flags.h"
#include "services/learner/process.h"
#include "services/recipe/load.h"

int main(int argc, char** argv) {
  namespace process = drover::process;
  using drover::learner_process::RunEnd;
  drover::learner_process::Flags flags;
  int exit_code = 0;
  if (!drover::learner_process::ParseFlags(argc, argv, &flags, &exit_code)) return exit_code;
  drover::StopSignal signals;
  const std::string name = "learner-" + std::to_string(flags.rank);
  if (const absl::Status started = process::StartLog(flags.common, name); !started.ok()) {
    return process::Conclude(started);
  }
  if (!flags.check_device.empty()) {
    return process::Conclude(drover::model::ResolveDevice(flags.check_device).status());
  }
  const auto recipe = drover::recipe::LoadRecipe(flags.recipe, {}, {.read_questions = false});
  if (!recipe.ok()) return process::Conclude(recipe.status());
  const auto end = drover::learner_process::RunRank(flags, *recipe, signals);
  if (!end.ok()) return process::Conclude(end.status());
  return *end == RunEnd::kDone ? process::kExitDone : process::kExitStopped;
}
