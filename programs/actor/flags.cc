#include "programs/actor/flags.h"

#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/address.h"
#include "programs/process/exit_status.h"

namespace drover::actor_process {
namespace {

std::string HostName() {
  char name[256] = "actor";
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

// What is missing or does not go together; empty when nothing is.
std::string WrongFlags(const Flags& flags) {
  if (flags.rank >= flags.ranks) {
    return absl::StrCat("--rank is ", flags.rank, ", but --ranks is ", flags.ranks, ": it may be 0 to ",
                        flags.ranks - 1);
  }
  if (flags.ranks > 1 && flags.rendezvous.empty()) {
    return absl::StrCat("--rendezvous is required with --ranks ", flags.ranks,
                        "; it is host:port where rank 0 listens");
  }
  if (flags.ranks > 1) {
    const absl::StatusOr<HostPort> address = ParseHostPort(flags.rendezvous);
    if (!address.ok()) return absl::StrCat("--rendezvous: ", address.status().message());
    if (address->port == 0) return "--rendezvous: port 0 cannot be found by the other ranks";
  }
  if (flags.rank > 0) return "";  // rank 0 alone talks to others
  if (flags.learner.empty()) return "--learner is required";
  return flags.verifier.empty() ? "--verifier is required" : "";
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
  process::AddFlag(app, "--learner", flags->learner,
                   "host:port of the learner's rank 0 (required of rank 0)");
  process::AddFlag(
      app, "--verifier", flags->verifier,
      "host:port of a verifier; several separated by commas; a DNS name is balanced (required of rank 0)");
  process::AddFlag(app, "--recipe", flags->recipe,
                   "The run's recipe, which must agree with the learner's (default: the learner's own)");
  process::AddFlag(
      app, "--model", flags->model,
      "A folder with config.json and tokenizer.json, such as RUN/model (default: the learner sends "
      "them); weights always come by stream");
  process::AddFlag(app, "--ranks", flags->ranks,
                   "Processes that are this actor together, each with its part of the model: the recipe's "
                   "actors.tensor_parallel")
      ->check(CLI::Range(1, 64));
  process::AddRankFlags(app, "--ranks - 1", *flags);
  process::AddFlag(app, "--device", flags->device, "auto, cpu or cuda:N; overrides run.device of the recipe");
  process::AddFlag(
      app, "--place", flags->place,
      "This process's number, from 0, among the actors' of this machine: with auto they take its "
      "GPUs in turn (default: the rank)")
      ->check(CLI::NonNegativeNumber);
  process::AddFlag(app, "--threads", flags->threads,
                   "Compute threads; 0: run.threads of the recipe, or one per core")
      ->check(CLI::NonNegativeNumber);
  process::AddFlag(app, "--drain-seconds", flags->drain_seconds,
                   "How long draining may take after SIGTERM, handing leases back included")
      ->check(CLI::Range(0.0, 86400.0));
  process::AddCommonFlags(app, flags->common);
  app.footer("Example: drover-actor --learner 127.0.0.1:50051 --verifier 127.0.0.1:50052");
  if (!process::Parse(app, argc, argv, exit_code)) return false;
  const std::string wrong = WrongFlags(*flags);
  if (wrong.empty()) return true;
  std::fprintf(stderr, "%s\nRun with --help for more information.\n", wrong.c_str());
  *exit_code = process::kExitConfiguration;
  return false;
}

}  // namespace drover::actor_process
