#include "services/learner/flags.h"

#include <CLI/CLI.hpp>

namespace drover::learner_process {

bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code) {
  CLI::App app{
      "drover-learner: one rank of the learner. Rank 0 leases prompts, collects graded groups, trains and "
      "publishes weights; the other ranks share its gradient work.\nExit status: 0 done, 75 stopped before "
      "the "
      "last step with a checkpoint, 2 wrong configuration, anything else: try again.",
      "drover-learner"};
  const auto option = [&](const char* name, auto& value, const char* help) {
    std::string environment = std::string("DROVER_") + (name + 2);
    for (char& c : environment)
      c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return app.add_option(name, value, help)->envname(environment)->capture_default_str();
  };
  option("--run", flags->run, "The run folder: journal, checkpoints, metrics and logs live there")
      ->required();
  option("--recipe", flags->recipe, "The effective recipe (default: RUN/recipe.textproto)");
  option("--rank", flags->rank, "This process's rank, from 0 to learner.ranks - 1")
      ->check(CLI::NonNegativeNumber);
  option("--rendezvous", flags->rendezvous,
         "host:port where rank 0 listens for the other ranks (with several ranks)");
  option("--device", flags->device, "auto, cpu or cuda:N; overrides run.device of the recipe");
  option("--threads", flags->threads, "Compute threads; 0: run.threads of the recipe, or one per core")
      ->check(CLI::NonNegativeNumber);
  option("--listen", flags->listen, "host:port for gRPC (rank 0); port 0 picks one");
  option("--metrics-listen", flags->metrics_listen,
         "host:port for /metrics, /livez and /readyz; port 0 picks one");
  option("--port-file", flags->port_file,
         "Where to write {\"grpc_port\": N, \"metrics_port\": N} once it listens");
  option("--log-file", flags->log_file, "Where to append the log (default: standard error)");
  option("--log-level", flags->log_level, "debug, info, warning or error");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    *exit_code = app.exit(error) == 0 ? 0 : 2;
    return false;
  }
  if (flags->recipe.empty()) flags->recipe = flags->run + "/recipe.textproto";
  return true;
}

}  // namespace drover::learner_process
