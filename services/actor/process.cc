#include "services/actor/process.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "model/device.h"
#include "model/tokenizer.h"
#include "services/actor/engine_generator.h"
#include "services/actor/remote.h"
#include "services/actor/worker.h"
#include "services/launch/ports.h"
#include "services/metrics/server.h"
#include "services/rpc/address.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kStuck =
    absl::Minutes(5);  // an engine thread that does not go round for so long is not alive

int ComputeThreads(const Flags& flags, const v1::Recipe& recipe) {
  if (flags.threads > 0) return flags.threads;
  if (recipe.run().threads() > 0) return static_cast<int>(recipe.run().threads());
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

uint32_t GroupsInFlight(const v1::Recipe& recipe) {
  if (recipe.actors().groups_in_flight() > 0) return recipe.actors().groups_in_flight();
  const uint32_t actors = recipe.actors().count();
  return (recipe.rollout().prompts() + actors - 1) / actors;  // an equal share of a rollout
}

WorkerOptions MakeWorkerOptions(const Flags& flags, const v1::Recipe& recipe) {
  WorkerOptions options;
  options.name = flags.name;
  options.groups_in_flight = GroupsInFlight(recipe);
  options.group_size = recipe.rollout().group_size();
  options.max_batch = recipe.actors().max_batch();
  options.continue_on_swap = recipe.weights().swap() == v1::CONTINUE;
  options.drain_timeout = absl::Seconds(flags.drain_seconds);
  return options;
}

absl::StatusOr<std::unique_ptr<EngineGenerator>> MakeGenerator(const Flags& flags, const v1::Recipe& recipe,
                                                               const model::Tokenizer* tokenizer) {
  RETURN_IF_ERROR(model::SetComputeThreads(ComputeThreads(flags, recipe)));
  ASSIGN_OR_RETURN(const torch::Device device,
                   model::ResolveDevice(flags.device.empty() ? recipe.run().device() : flags.device));
  ASSIGN_OR_RETURN(const model::ModelConfig config, model::LoadModelConfig(flags.model));
  const model::TransformerOptions options = {
      .device = device,
      .dtype = recipe.model().dtype() == v1::BFLOAT16 ? torch::kBFloat16 : torch::kFloat32,
      .trainable = false};
  // The shape alone: no token is sampled before the learner's weights have taken the place of these.
  ASSIGN_OR_RETURN(auto model,
                   model::Transformer::Create(config, options, /*seed=*/0, config.initializer_range));
  ASSIGN_OR_RETURN(auto engine, actor::Engine::Create({.max_batch = recipe.actors().max_batch()},
                                                      std::move(model), tokenizer, /*version=*/0));
  return std::make_unique<EngineGenerator>(std::move(engine));
}

absl::StatusOr<std::unique_ptr<metrics::MetricsServer>> ServeMetrics(const Flags& flags, const Worker& worker,
                                                                     const metrics::ActorMetrics& metrics) {
  metrics::MetricsServerOptions options = {.listen = flags.metrics_listen};
  options.live = [&worker] {
    const absl::Duration silent = absl::Now() - worker.last_progress();
    if (worker.last_progress() == absl::UnixEpoch() || silent < kStuck) return absl::OkStatus();
    return absl::DeadlineExceededError(absl::StrCat("no decode step for ", absl::FormatDuration(silent)));
  };
  options.ready = [&worker] {
    return worker.ready() ? absl::OkStatus() : absl::UnavailableError("no confirmed weights, or draining");
  };
  ASSIGN_OR_RETURN(auto server, metrics::MetricsServer::Start(options, {metrics.registry}));
  if (!flags.port_file.empty()) {
    RETURN_IF_ERROR(launch::WritePorts(flags.port_file, {.grpc = 0, .metrics = server->port()}));
  }
  return server;
}

// Drains the worker at the first signal.
class DrainOnSignal {
 public:
  DrainOnSignal(StopSignal& signals, Worker& worker)
      : thread_([this, &signals, &worker] {
          while (!ended_) {
            if (signals.Wait(absl::Milliseconds(100)) == 0) continue;
            log::Info("draining");
            worker.Drain();
          }
        }) {}
  ~DrainOnSignal() {
    ended_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

}  // namespace

absl::Status RunActor(const Flags& flags, const v1::Recipe& recipe, StopSignal& signals) {
  ASSIGN_OR_RETURN(const auto verifiers, rpc::ParseAddresses(flags.verifier));
  RETURN_IF_ERROR(rpc::ParseHostPort(flags.learner).status());
  ASSIGN_OR_RETURN(const auto tokenizer, model::Tokenizer::Load(flags.model));
  ASSIGN_OR_RETURN(const auto generator, MakeGenerator(flags, recipe, tokenizer.get()));
  const WorkerOptions options = MakeWorkerOptions(flags, recipe);
  RETURN_IF_ERROR(options.Validate());

  metrics::ActorMetrics metrics;
  RemoteLearner learner(flags.learner, flags.name);
  RemoteGrader grader(verifiers, flags.name, &metrics.grading);
  weights::WeightSubscriber subscriber({.address = flags.learner, .name = flags.name}, &metrics.weights);
  RemoteWeights weight_source(&subscriber);
  WorkerParts parts;
  parts.leases = &learner;
  parts.grader = &grader;
  parts.weights = &weight_source;
  parts.generator = generator.get();
  parts.metrics = &metrics;
  parts.encode = [&tokenizer](std::string_view text) { return tokenizer->Encode(text); };
  Worker worker(options, parts);
  ASSIGN_OR_RETURN(const auto http, ServeMetrics(flags, worker, metrics));
  log::Info("actor ready", {{"learner", flags.learner}, {"verifier", flags.verifier}});
  DrainOnSignal drain(signals, worker);
  return worker.Run();
}

}  // namespace drover::actor_process
