#include "programs/actor/flags.h"

#include <unistd.h>

namespace drover::actor_process {
namespace {

std::string HostName() {
  char name[256] = "actor";
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

}  // namespace

bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code) {
  CLI::App app{
      "drover-actor: leases prompts from the learner, generates groups of responses with the weights that it "
      "streams, "
      "has them graded and submits them. It reconnects for ever: it may be started before the "
      "learner.\nSIGTERM or "
      "SIGINT drains: no new leases, groups in flight are finished or handed back; a second one ends at "
      "once.\nEvery "
      "flag may be given in the environment too: --drain-seconds as DROVER_DRAIN_SECONDS.\nExit status: 0 "
      "done or "
      "drained, 2 wrong configuration, anything else: try again.",
      "drover-actor"};
  flags->name = HostName();
  process::AddFlag(app, "--name", flags->name, "This actor's name, unique among the run's actors");
  process::AddFlag(app, "--learner", flags->learner, "host:port of the learner's rank 0")->required();
  process::AddFlag(app, "--verifier", flags->verifier,
                   "host:port of a verifier; several separated by commas; a DNS name is balanced")
      ->required();
  process::AddFlag(app, "--recipe", flags->recipe,
                   "The run's recipe, which must agree with the learner's (default: the learner's own)");
  process::AddFlag(
      app, "--model", flags->model,
      "A folder with config.json and tokenizer.json, such as RUN/model (default: the learner sends "
      "them); weights always come by stream");
  process::AddFlag(app, "--device", flags->device, "auto, cpu or cuda:N; overrides run.device of the recipe");
  process::AddFlag(app, "--threads", flags->threads,
                   "Compute threads; 0: run.threads of the recipe, or one per core")
      ->check(CLI::NonNegativeNumber);
  process::AddFlag(app, "--drain-seconds", flags->drain_seconds,
                   "How long draining may take after SIGTERM, handing leases back included")
      ->check(CLI::Range(0.0, 86400.0));
  process::AddCommonFlags(app, flags->common);
  return process::Parse(app, argc, argv, exit_code);
}

}  // namespace drover::actor_process
