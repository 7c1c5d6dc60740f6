#include "programs/learner/flags.h"

#include <cstdio>

#include "programs/process/exit_status.h"

namespace drover::learner_process {
namespace {

using process::AddFlag;

}  // namespace

bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code) {
  CLI::App app{
      "drover-learner: one rank of the learner. Rank 0 leases prompts, collects graded groups, trains and "
      "publishes "
      "weights; the other ranks share its gradient work.\nSIGTERM or SIGINT at any rank asks for a "
      "checkpoint and an "
      "orderly end; a second one ends at once.\nEvery flag may be given in the environment too: --rank as "
      "DROVER_RANK.\nExit status: 0 done, 75 stopped before the last step with a checkpoint, 2 wrong "
      "configuration, "
      "anything else: try again.",
      "drover-learner"};
  AddFlag(app, "--run", flags->run, "The run folder: journal, checkpoints, metrics and logs live there");
  AddFlag(app, "--recipe", flags->recipe, "The effective recipe (default: RUN/recipe.textproto)");
  process::AddRankFlags(app, "learner.ranks - 1", *flags);
  AddFlag(
      app, "--drain-seconds", flags->drain_seconds,
      "How long stopping may take after SIGTERM, the optimizer steps in progress and the checkpoint included")
      ->check(CLI::Range(0.0, 86400.0));
  AddFlag(app, "--device", flags->device, "auto, cpu or cuda:N; overrides run.device of the recipe");
  AddFlag(app, "--threads", flags->threads, "Compute threads; 0: run.threads of the recipe, or one per core")
      ->check(CLI::NonNegativeNumber);
  AddFlag(app, "--listen", flags->listen, "host:port for gRPC (rank 0); port 0 picks one");
  AddFlag(app, "--started", flags->started,
          "When the run was started, seconds since the epoch: the summary's seconds count from then (0: from "
          "now)")
      ->check(CLI::NonNegativeNumber);
  AddFlag(app, "--check-device", flags->check_device,
          "Say whether this device can be used here, by the exit status (0 or 2), and do nothing else");
  process::AddCommonFlags(app, flags->common);
  app.footer(
      "Example: drover-learner --run runs/NAME --recipe recipes/arithmetic.textproto --listen "
      "127.0.0.1:50051");
  if (!process::Parse(app, argc, argv, exit_code)) return false;
  if (!flags->check_device.empty()) return true;
  if (flags->run.empty()) {
    std::fputs("--run is required\nRun with --help for more information.\n", stderr);
    *exit_code = process::kExitConfiguration;
    return false;
  }
  if (flags->recipe.empty()) flags->recipe = flags->run + "/recipe.textproto";
  return true;
}

}  // namespace drover::learner_process
