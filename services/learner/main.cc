// drover-learner: parse, validate, build and run, wait. SIGTERM and SIGINT ask for a checkpoint and an orderly end.
#include <atomic>
#include <cstdio>
#include <thread>

#include "base/log.h"
#include "base/stop_signal.h"
#include "services/learner/flags.h"
#include "services/learner/process.h"
#include "services/recipe/load.h"

namespace {

using namespace drover;  // NOLINT: main alone

constexpr int kDone = 0, kTryAgain = 1, kWrongConfiguration = 2, kStopped = 75;

int ExitCode(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status)
             ? kWrongConfiguration
             : kTryAgain;
}

int Fail(const absl::Status& status) {
  log::Error(std::string(status.message()), {{"code", absl::StatusCodeToString(status.code())}});
  return ExitCode(status);
}

// Turns signals into the stop flag until the run has ended.
class SignalWatch {
 public:
  SignalWatch(StopSignal& signals, std::atomic<bool>& stop)
      : thread_([&signals, &stop, this] {
          while (!ended_) {
            if (signals.Wait(absl::Milliseconds(100)) != 0) stop = true;
          }
        }) {}
  ~SignalWatch() {
    ended_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  learner_process::Flags flags;
  int exit_code = 0;
  if (!learner_process::ParseFlags(argc, argv, &flags, &exit_code)) return exit_code;
  StopSignal signals;
  log::Options log_options = {.process = "learner-" + std::to_string(flags.rank), .file = flags.log_file};
  absl::Status started = log::ParseLevel(flags.log_level, &log_options.level);
  if (started.ok()) started = log::Start(log_options);
  if (!started.ok()) return Fail(started);
  const auto recipe = recipe::LoadRecipe(flags.recipe);
  if (!recipe.ok()) return Fail(recipe.status());

  std::atomic<bool> stop{false};
  SignalWatch watch(signals, stop);
  const auto end = learner_process::RunRank(flags, *recipe, stop);
  if (!end.ok()) return Fail(end.status());
  return *end == learner_process::RunEnd::kDone ? kDone : kStopped;
}
