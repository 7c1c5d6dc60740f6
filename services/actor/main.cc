// drover-actor: parse, validate, build and run, wait.
#include <string>

#include "base/log.h"
#include "base/stop_signal.h"
#include "services/actor/flags.h"
#include "services/actor/process.h"
#include "services/recipe/load.h"

namespace {

using namespace drover;  // NOLINT: main alone

constexpr int kDone = 0, kTryAgain = 1, kWrongConfiguration = 2;

int Fail(const absl::Status& status) {
  log::Error(std::string(status.message()), {{"code", absl::StatusCodeToString(status.code())}});
  const bool wrong =
      absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
  return wrong ? kWrongConfiguration : kTryAgain;
}

}  // namespace

int main(int argc, char** argv) {
  actor_process::Flags flags;
  int exit_code = 0;
  if (!actor_process::ParseFlags(argc, argv, &flags, &exit_code)) return exit_code;
  StopSignal signals;
  log::Options log_options = {.process = flags.name, .file = flags.log_file};
  absl::Status started = log::ParseLevel(flags.log_level, &log_options.level);
  if (started.ok()) started = log::Start(log_options);
  if (!started.ok()) return Fail(started);
  // The questions' files are the learner's: they need not be on this machine.
  const auto recipe = recipe::LoadRecipe(flags.recipe, {}, {.check_files = false});
  if (!recipe.ok()) return Fail(recipe.status());
  const absl::Status end = actor_process::RunActor(flags, *recipe, signals);
  return end.ok() ? kDone : Fail(end);
}
