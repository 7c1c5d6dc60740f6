#include "services/learner/process.h"

#include <filesystem>
#include <memory>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "drover/v1/weights.grpc.pb.h"
#include "learner/collectives.h"
#include "model/device.h"
#include "services/experience/service.h"
#include "services/experience/store.h"
#include "services/launch/ports.h"
#include "services/learner/model_folder.h"
#include "services/learner/run_service.h"
#include "services/learner/sampling.h"
#include "services/metrics/server.h"
#include "services/rpc/address.h"
#include "services/rpc/server.h"

namespace drover::learner_process {
namespace {

constexpr absl::Duration kGoodbye = absl::Seconds(2);  // actors hear that the run is over before we are gone

torch::ScalarType ScalarType(v1::Dtype dtype) {
  return dtype == v1::BFLOAT16 ? torch::kBFloat16 : torch::kFloat32;
}

int ComputeThreads(const Flags& flags, const v1::Recipe& recipe) {
  if (flags.threads > 0) return flags.threads;
  if (recipe.run().threads() > 0) return static_cast<int>(recipe.run().threads());
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// A new model, one that was downloaded, or (resuming) the right shape for what a checkpoint restores.
absl::StatusOr<std::unique_ptr<model::Transformer>> MakeModel(const v1::Recipe& recipe,
                                                              const run::RunFolder& folder,
                                                              torch::Device device) {
  const model::TransformerOptions options = {
      .device = device, .dtype = ScalarType(recipe.model().dtype()), .trainable = true};
  if (!recipe.model().path().empty() && !folder.NewestCheckpoint().has_value()) {
    return model::Transformer::Load(recipe.model().path(), options);
  }
  ASSIGN_OR_RETURN(const model::ModelConfig config, model::LoadModelConfig(folder.model()));
  return model::Transformer::Create(config, options, recipe.run().seed(), config.initializer_range);
}

absl::StatusOr<std::unique_ptr<learner::Collectives>> Join(const Flags& flags, const v1::Recipe& recipe,
                                                           torch::Device device) {
  const int ranks = static_cast<int>(recipe.learner().ranks());
  if (flags.rank >= ranks) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--rank ", flags.rank, ": the recipe has learner.ranks: ", ranks, ", so it may be 0 to ", ranks - 1));
  }
  if (ranks == 1) return learner::LocalCollectives();
  ASSIGN_OR_RETURN(const rpc::HostPort address, rpc::ParseHostPort(flags.rendezvous));
  return learner::JoinC10d({.rank = flags.rank,
                            .size = ranks,
                            .host = address.host,
                            .port = static_cast<uint16_t>(address.port),
                            .device = device});
}

// A prompt may be used when the model can read it within data.max_prompt_tokens.
data::PromptSourceOptions KeepShortPrompts(const v1::Recipe& recipe, const model::Tokenizer& tokenizer) {
  const size_t most = recipe.data().max_prompt_tokens();
  return {.keep = [&tokenizer, most](std::string_view text) {
    const auto ids = tokenizer.Encode(text);
    return ids.ok() && !ids->empty() && ids->size() <= most;
  }};
}

// What rank 0 serves. The members are destroyed from the bottom up: servers before what they serve.
struct Services {
  std::unique_ptr<metrics::LearnerMetrics> metrics;
  std::unique_ptr<experience::ExperienceStore> store;
  std::unique_ptr<experience::ExperienceService> experience;
  std::unique_ptr<weights::WeightPublisher> publisher;
  RunStatus status;
  std::unique_ptr<RunServiceImpl> run;
  std::unique_ptr<rpc::Server> server;
  std::unique_ptr<metrics::MetricsServer> http;

  // Streams that never end by themselves end first.
  ~Services() {
    if (store != nullptr) store->Finish();
    if (publisher != nullptr) publisher->Shutdown();
    if (server != nullptr) server->Shutdown(absl::Seconds(1));
  }
};

absl::Status Serve(const Flags& flags, const v1::Recipe& recipe, const run::RunFolder& folder,
                   const data::PromptSource& prompts, Services& services) {
  services.metrics = std::make_unique<metrics::LearnerMetrics>();
  experience::StoreOptions store = experience::OptionsFromRecipe(recipe);
  store.run_folder = folder.path();
  store.sampling = TrainingSampling(recipe, prompts.prompt_template());
  store.reward_format = prompts.prompt_template().reward_format;
  store.prompt = [&prompts](uint64_t n) { return prompts.TrainPrompt(n); };
  ASSIGN_OR_RETURN(services.store, experience::ExperienceStore::Open(std::move(store)));
  services.experience = std::make_unique<experience::ExperienceService>(services.store.get());
  services.publisher = std::make_unique<weights::WeightPublisher>(
      weights::PublisherOptions{.chunk_bytes = recipe.weights().chunk_bytes()}, &services.metrics->weights());
  services.run = std::make_unique<RunServiceImpl>(&services.status, services.store.get());
  ASSIGN_OR_RETURN(
      services.server,
      rpc::Server::Start({.listen = flags.listen},
                         {{v1::ExperienceService::service_full_name(), services.experience.get()},
                          {v1::WeightService::service_full_name(), services.publisher->service()},
                          {v1::RunService::service_full_name(), services.run.get()}}));
  services.server->SetServing(true);
  return absl::OkStatus();
}

absl::Status ServeMetrics(const Flags& flags, Services& services) {
  if (services.metrics == nullptr) services.metrics = std::make_unique<metrics::LearnerMetrics>();
  ASSIGN_OR_RETURN(services.http, metrics::MetricsServer::Start({.listen = flags.metrics_listen},
                                                                {services.metrics->registry()}));
  if (flags.port_file.empty()) return absl::OkStatus();
  const int grpc_port = services.server == nullptr ? 0 : services.server->port();
  return launch::WritePorts(flags.port_file, {.grpc = grpc_port, .metrics = services.http->port()});
}

absl::StatusOr<RunEnd> RunFollower(const Flags& flags, learner::Trainer& trainer,
                                   learner::Collectives& collectives) {
  Services services;
  RETURN_IF_ERROR(ServeMetrics(flags, services));
  RETURN_IF_ERROR(learner::FollowLeader(trainer, collectives));
  return RunEnd::kDone;
}

absl::StatusOr<RunEnd> RunLeader(const Flags& flags, const v1::Recipe& recipe, const run::RunFolder& folder,
                                 learner::Trainer& trainer, const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(const auto tokenizer, model::Tokenizer::Load(folder.model()));
  ASSIGN_OR_RETURN(const auto prompts,
                   data::PromptSource::Create(recipe, KeepShortPrompts(recipe, *tokenizer)));
  if (prompts->dropped() > 0)
    log::Warning("questions left out: prompt too long", {{"questions", prompts->dropped()}});
  Services services;
  RETURN_IF_ERROR(Serve(flags, recipe, folder, *prompts, services));
  RETURN_IF_ERROR(ServeMetrics(flags, services));

  RunParts parts;
  parts.recipe = recipe;
  parts.folder = folder;
  parts.trainer = &trainer;
  parts.tokenizer = tokenizer.get();
  parts.prompts = prompts.get();
  parts.store = services.store.get();
  parts.publisher = services.publisher.get();
  parts.metrics = services.metrics.get();
  parts.status = &services.status;
  parts.stop = &stop;
  absl::StatusOr<RunEnd> end = RunLoop(std::move(parts)).Run();
  if (end.ok() && *end == RunEnd::kDone) absl::SleepFor(kGoodbye);
  services.server->SetServing(false);
  const absl::Status stopped = trainer.StopFollowers();
  if (end.ok() && !stopped.ok())
    log::Warning("could not stop the other ranks", {{"error", std::string(stopped.message())}});
  return end;
}

}  // namespace

absl::StatusOr<RunEnd> RunRank(const Flags& flags, const v1::Recipe& recipe, const std::atomic<bool>& stop) {
  const run::RunFolder folder(flags.run);
  RETURN_IF_ERROR(folder.Create());
  RETURN_IF_ERROR(model::SetComputeThreads(ComputeThreads(flags, recipe)));
  ASSIGN_OR_RETURN(const torch::Device device,
                   model::ResolveDevice(flags.device.empty() ? recipe.run().device() : flags.device));
  if (flags.rank == 0 && !std::filesystem::exists(folder.model() + "/config.json")) {
    RETURN_IF_ERROR(WriteModelFolder(recipe, folder.model()));
  }
  // Rank 0 wrote RUN/model before the others can join, so they read it afterwards.
  ASSIGN_OR_RETURN(const auto collectives, Join(flags, recipe, device));
  ASSIGN_OR_RETURN(auto model, MakeModel(recipe, folder, device));
  ASSIGN_OR_RETURN(const learner::TrainerOptions options, learner::TrainerOptions::FromRecipe(recipe));
  ASSIGN_OR_RETURN(const auto trainer,
                   learner::Trainer::Create(options, std::move(model), collectives.get()));
  log::Info("learner ready",
            {{"rank", flags.rank}, {"ranks", collectives->size()}, {"device", device.str()}});
  if (flags.rank != 0) return RunFollower(flags, *trainer, *collectives);
  return RunLeader(flags, recipe, folder, *trainer, stop);
}

}  // namespace drover::learner_process
