#include "programs/verifier/process.h"

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "recipe/load.h"
#include "services/grading/grade_one.h"
#include "services/grading/grader_pool.h"
#include "services/grading/server.h"
#include "services/http/server.h"
#include "services/metrics/routes.h"
#include "services/metrics/verifier_metrics.h"
#include "services/rpc/server.h"

namespace drover::verifier_process {
namespace {

// A grade is bounded to milliseconds; a thread that is in one for so long hangs.
constexpr absl::Duration kStuck = absl::Minutes(1);

absl::StatusOr<int> Threads(const Flags& flags) {
  if (flags.threads >= 0) return flags.threads;
  if (flags.recipe.empty()) return 0;
  ASSIGN_OR_RETURN(const v1::Recipe recipe, recipe::LoadRecipe(flags.recipe, {}, {.check_files = false}));
  return static_cast<int>(recipe.verifiers().threads());
}

absl::StatusOr<std::unique_ptr<http::Server>> ServePages(const Flags& flags, const grading::GraderPool& pool,
                                                         const std::atomic<bool>& ready,
                                                         const metrics::VerifierMetrics& metrics) {
  metrics::PageOptions pages;
  pages.live = [&pool] {
    return pool.LongestGrade() < kStuck ? absl::OkStatus() : absl::InternalError("a grading thread hangs");
  };
  pages.ready = [&ready] { return ready ? absl::OkStatus() : absl::UnavailableError("draining"); };
  http::Routes routes;
  metrics::AddPages(std::move(pages), {metrics.registry}, routes);
  return http::Server::Start({.name = "metrics", .listen = flags.common.metrics_listen}, std::move(routes));
}

// Calls in flight go on for up to drain_seconds, or until the next signal.
void Drain(const Flags& flags, StopSignal& signals, grading::VerifierServer& service, rpc::Server& server) {
  server.SetServing(false);
  service.Drain();
  std::atomic<bool> ended = false;
  std::thread second([&] {
    while (!ended) {
      if (signals.Wait(absl::Milliseconds(50)) != 0) return server.Shutdown(absl::ZeroDuration());
    }
  });
  server.Shutdown(absl::Seconds(flags.drain_seconds));
  ended = true;
  second.join();
}

}  // namespace

bool ParseFlags(int argc, char** argv, Flags* flags, int* exit_code) {
  CLI::App app{
      "drover-verifier: grades responses over gRPC (drover.v1.VerifierService). It keeps no state: run as "
      "many as the "
      "actors need.\nSIGTERM or SIGINT drains it. Every flag may be given in the environment too.\n"
      "Exit status: 0 done, 2 wrong configuration, anything else: try again.",
      "drover-verifier"};
  process::AddFlag(app, "--name", flags->name, "Who speaks, in logs");
  process::AddFlag(app, "--listen", flags->listen, "host:port for gRPC; port 0 picks one");
  process::AddFlag(app, "--recipe", flags->recipe, "A recipe, for verifiers.threads (not needed otherwise)");
  process::AddFlag(app, "--threads", flags->threads,
                   "Grading threads; 0: one per core; -1: as the recipe says, or one per core")
      ->check(CLI::Range(-1, 1024));
  process::AddFlag(app, "--drain-seconds", flags->drain_seconds,
                   "How long calls in flight may go on after SIGTERM")
      ->check(CLI::Range(0.0, 3600.0));
  process::AddFlag(app, "--max-connection-age-seconds", flags->max_connection_age_seconds,
                   "Connections end in order after this long, so that clients find new replicas")
      ->check(CLI::Range(1.0, 1e6));
  process::AddCommonFlags(app, flags->common);
  app.footer("Example: drover-verifier --listen 127.0.0.1:50052 --threads 2");
  return process::Parse(app, argc, argv, exit_code);
}

absl::Status Run(const Flags& flags, StopSignal& signals) {
  ASSIGN_OR_RETURN(const int threads, Threads(flags));
  const grading::GraderPoolOptions pool_options = {.threads = threads};
  RETURN_IF_ERROR(pool_options.Validate());
  metrics::VerifierMetrics metrics(grading::ReasonNames());
  grading::GraderPool pool(pool_options, &metrics, grading::GradeOne);
  grading::VerifierServer service({}, &pool, &metrics);
  ASSIGN_OR_RETURN(const auto server,
                   rpc::Server::Start({.listen = flags.listen,
                                       .max_connection_age = absl::Seconds(flags.max_connection_age_seconds),
                                       .max_connection_age_grace = absl::Seconds(30)},
                                      {{v1::VerifierService::service_full_name(), service.service()}}));
  std::atomic<bool> ready = true;
  ASSIGN_OR_RETURN(const auto http, ServePages(flags, pool, ready, metrics));
  server->SetServing(true);
  RETURN_IF_ERROR(process::WritePortFile(flags.common, server->port(), http->port()));
  log::Info("verifier ready",
            {{"listen", server->address()}, {"metrics_port", http->port()}, {"threads", pool.threads()}});

  int signal = 0;
  while (signal == 0) signal = signals.Wait(absl::Minutes(1));
  log::Info("draining", {{"signal", signal}});
  ready = false;
  Drain(flags, signals, service, *server);
  log::Info("drained");
  return absl::OkStatus();
}

}  // namespace drover::verifier_process
