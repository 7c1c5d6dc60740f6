#include "services/actor/flags.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

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
      "streams, has them graded and submits them.\nSIGTERM drains: no new leases, groups in flight are "
      "finished "
      "or handed back. Exit status: 0 done or drained, 2 wrong configuration, anything else: try again.",
      "drover-actor"};
  const auto option = [&](const char* name, auto& value, const char* help) {
    std::string environment = std::string("DROVER_") + (name + 2);
    for (char& c : environment)
      c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return app.add_option(name, value, help)->envname(environment)->capture_default_str();
  };
  flags->name = HostName();
  option("--name", flags->name, "This actor's name, unique among the run's actors");
  option("--learner", flags->learner, "host:port of the learner's rank 0")->required();
  option("--verifier", flags->verifier,
         "host:port of a verifier; several separated by commas; a DNS name is balanced")
      ->required();
  option("--recipe", flags->recipe, "The run's recipe")->required();
  option("--model", flags->model,
         "A folder with config.json and tokenizer.json (RUN/model); weights come by stream")
      ->required();
  option("--device", flags->device, "auto, cpu or cuda:N; overrides run.device of the recipe");
  option("--threads", flags->threads, "Compute threads; 0: run.threads of the recipe, or one per core")
      ->check(CLI::NonNegativeNumber);
  option("--metrics-listen", flags->metrics_listen,
         "host:port for /metrics, /livez and /readyz; port 0 picks one");
  option("--drain-seconds", flags->drain_seconds, "How long groups in flight may take after SIGTERM")
      ->check(CLI::NonNegativeNumber);
  option("--port-file", flags->port_file,
         "Where to write {\"grpc_port\": 0, \"metrics_port\": N} once it listens");
  option("--log-file", flags->log_file, "Where to append the log (default: standard error)");
  option("--log-level", flags->log_level, "debug, info, warning or error");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? 0 : 2;
    return false;
  }
  return true;
}

}  // namespace drover::actor_process
