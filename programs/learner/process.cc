#include "programs/learner/process.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>

#include "base/heartbeat.h"
#include "base/log.h"
#include "base/status.h"
#include "base/threads.h"
#include "data/make_prompt_source.h"
#include "learner/followers.h"
#include "model/device.h"
#include "model/jinja/chat_template.h"
#include "programs/learner/checkpoint_folder.h"
#include "programs/learner/joining.h"
#include "programs/learner/lead_supervised.h"
#include "programs/learner/lead_trainer.h"
#include "programs/learner/model_folder.h"
#include "programs/learner/report_files.h"
#include "programs/learner/sampling.h"
#include "programs/learner/serving.h"
#include "programs/learner/suite_results.h"
#include "programs/process/drain_watch.h"
#include "programs/process/exit_status.h"
#include "programs/process/readiness.h"
#include "ranks/collectives.h"
#include "recipe/lora.h"
#include "recipe/suite.h"
#include "services/http/server.h"
#include "services/metrics/routes.h"
#include "services/page/live.h"

namespace drover::learner_process {
namespace {

constexpr absl::Duration kGoodbye = absl::Seconds(15);  // actors hear that the run is over before we are gone
// Longer than an actor's longest pause between attempts.
constexpr absl::Duration kWayBack = absl::Seconds(4);
constexpr absl::Duration kLoading = absl::Hours(2);  // of a large model from a slow disk
// Rank 0 says something this often, and a follower hears it within several times that: see KeepRanks in run_pulse.h.
constexpr int kSilentCollectives = 3;

torch::ScalarType ScalarType(v1::Dtype dtype) {
  return dtype == v1::BFLOAT16 ? torch::kBFloat16 : torch::kFloat32;
}

// A new model, one that was downloaded, or (resuming) the right shape for what a checkpoint restores.
absl::StatusOr<std::unique_ptr<model::Transformer>> MakeModel(const v1::Recipe& recipe,
                                                              const run::RunFolder& folder,
                                                              torch::Device device) {
  const bool shares = recipe.learner().ranks() > 1 && recipe.learner().sharding() == v1::WEIGHTS;
  const model::TransformerOptions options = {
      .device = device,
      .dtype = ScalarType(recipe.model().dtype()),
      .trainable = true,
      .recompute_layers = recipe.learner().activation_checkpointing() || shares,
      .deferred = shares,
      .lora = recipe::LoraOf(recipe)};
  // What adapters adapt is in no checkpoint.
  if (!recipe.model().path().empty() && (!folder.NewestCheckpoint().has_value() || options.lora)) {
    return model::Transformer::Load(recipe.model().path(), options);
  }
  ASSIGN_OR_RETURN(const model::ModelConfig config, model::LoadModelConfig(folder.model()));
  if (folder.NewestCheckpoint().has_value()) return model::Transformer::CreateEmpty(config, options);
  return model::Transformer::Create(config, options, recipe.run().seed(), config.initializer_range);
}

run::Retention RetentionOf(const v1::RunSettings& settings) {
  return {.newest = settings.keep_checkpoints(),
          .best = settings.keep_best_checkpoints(),
          .every = settings.keep_checkpoint_every()};
}

// By what the model, whose folder is `model`, can read.
absl::StatusOr<data::PromptSourceOptions> JudgePrompts(const v1::Recipe& recipe, const std::string& model,
                                                       const model::Tokenizer& tokenizer,
                                                       const model::ModelConfig& config) {
  const data::PromptLimits limits = {.max_tokens = recipe.data().max_prompt_tokens(),
                                     .vocabulary = static_cast<uint64_t>(config.vocab_size),
                                     .encoding = data::PromptEncoding(recipe.data())};
  data::PromptSourceOptions options;
  options.judge = [&tokenizer, limits](std::string_view text) {
    return data::JudgePrompt(tokenizer, limits, text);
  };
  if (recipe.data().template_() == data::kChat) {
    ASSIGN_OR_RETURN(model::jinja::ChatTemplate chat, model::jinja::ChatTemplate::Load(model));
    options.chat = std::make_shared<const model::jinja::ChatTemplate>(std::move(chat));
  }
  return options;
}

absl::Status ExportAndPublish(learner::Trainer& trainer, const model::WeightVersion& version,
                              weights::WeightPublisher* publisher) {
  ASSIGN_OR_RETURN(model::WeightSet weights, trainer.ExportWeights());
  log::Info("publish", {{"version", version.number}, {"digest", weights.digest}});
  publisher->Publish(version, std::move(weights));
  return absl::OkStatus();
}

// What adapters adapt, for actors that have it not.
absl::Status PublishBase(const model::Transformer& model, weights::WeightPublisher* publisher) {
  if (!model.options().lora) return absl::OkStatus();
  ASSIGN_OR_RETURN(model::WeightSet weights, model.ExportBase());
  log::Info("publish base", {{"bytes", weights.bytes}, {"digest", weights.digest}});
  publisher->PublishBase(std::move(weights));
  return absl::OkStatus();
}

// One rank and what its parts share. The members are destroyed from the bottom up.
class RankProcess {
 public:
  RankProcess(const Flags& flags, const v1::Recipe& recipe, StopSignal& signals)
      : flags_(flags),
        recipe_(recipe),
        folder_(flags.run),
        heartbeats_(absl::Seconds(flags.common.live_seconds)),
        readiness_([this](bool ready) { ReadinessChanged(ready); }),
        watch_(signals, {.deadline = absl::Seconds(flags.drain_seconds),
                         .drain =
                             [this] {
                               readiness_.Drain();
                               drain_.Drain();
                             },
                         .cut =
                             [](const std::string& why) {
                               process::EndAtOnce(
                                   process::kExitTryAgain,
                                   why + "; the next start goes on from the newest checkpoint");
                             }}) {}

  absl::StatusOr<RunEnd> Run();

 private:
  absl::Status ServePages();
  void ReadinessChanged(bool ready);
  void SetServing(Serving* serving);
  uint64_t Incarnation();  // 0 before the store has one
  absl::StatusOr<std::unique_ptr<learner::Trainer>> Load(torch::Device device, Collectives& collectives);
  absl::StatusOr<RunEnd> Follow(learner::Trainer& trainer, Collectives& collectives);
  absl::StatusOr<RunEnd> Lead(learner::Trainer& trainer, Collectives& collectives);
  // The same of a supervised run.
  absl::StatusOr<RunEnd> LeadExamples(learner::Trainer& trainer, Collectives& collectives);
  absl::StatusOr<RunEnd> Farewell(absl::StatusOr<RunEnd> end, learner::Trainer& trainer);
  // What of the run is the same for every trainer: who is served and who listens.
  // What it is given outlives it.
  RunParts PartsOfTheRun(Collectives& collectives, Serving& serving, const data::PromptSource& prompts,
                         const recipe::Suite& suite);
  // A collective that a peer is late for is no sign of a stuck loop.
  absl::Duration CollectiveTime() const { return absl::Seconds(flags_.collective_seconds); }

  const Flags& flags_;
  const v1::Recipe& recipe_;
  const run::RunFolder folder_;
  Heartbeats heartbeats_;
  metrics::LearnerMetrics metrics_;
  absl::Mutex mutex_;
  Serving* serving_ ABSL_GUARDED_BY(mutex_) = nullptr;
  uint64_t incarnation_ ABSL_GUARDED_BY(mutex_) = 0;  // as it was seen last
  process::Readiness readiness_;
  process::DrainAction drain_;
  std::atomic<bool> stop_{false};
  Heartbeats::Pulse pulse_;  // of the rank's one loop: loading, then the run or following
  std::unique_ptr<http::Server> http_;
  process::DrainWatch watch_;
};

void RankProcess::ReadinessChanged(bool ready) {
  metrics_.SetReady(ready);
  absl::MutexLock lock(&mutex_);
  if (serving_ != nullptr) serving_->SetServing(ready);
}

void RankProcess::SetServing(Serving* serving) {
  absl::MutexLock lock(&mutex_);
  serving_ = serving;
}

uint64_t RankProcess::Incarnation() {
  absl::MutexLock lock(&mutex_);
  if (serving_ != nullptr) incarnation_ = serving_->store_view().GetProgress().incarnation;
  return incarnation_;
}

absl::Status RankProcess::ServePages() {
  metrics_.SetTargets({.rollouts = recipe_.run().steps(),
                       .staleness_bound = recipe_.staleness().bound(),
                       .ranks = recipe_.learner().ranks()});
  metrics::PageOptions pages;
  pages.live = [this] { return heartbeats_.Check(); };
  pages.ready = [this] { return readiness_.Check(); };
  pages.refresh = [this] {
    absl::MutexLock lock(&mutex_);
    if (serving_ != nullptr) serving_->Refresh();
  };
  http::Routes routes;
  if (flags_.rank == 0) {
    page::AddLivePage({.folder = folder_, .incarnation = [this] { return Incarnation(); }}, routes);
  }
  metrics::AddPages(std::move(pages), {metrics_.registry()}, routes);
  ASSIGN_OR_RETURN(http_, http::Server::Start({.name = "metrics", .listen = flags_.common.metrics_listen},
                                              std::move(routes)));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<learner::Trainer>> RankProcess::Load(torch::Device device,
                                                                    Collectives& collectives) {
  const absl::Time start = absl::Now();
  readiness_.Set(absl::UnavailableError("loading the model"));
  pulse_.Beat(kLoading);
  ASSIGN_OR_RETURN(auto model, MakeModel(recipe_, folder_, device));
  ASSIGN_OR_RETURN(learner::TrainerOptions options, learner::TrainerOptions::FromRecipe(recipe_));
  options.progress = [this] { pulse_.Beat(CollectiveTime()); };
  options.checkpoints = folder_.checkpoints();
  ASSIGN_OR_RETURN(auto trainer, learner::Trainer::Create(options, std::move(model), &collectives));
  if (flags_.rank == 0) {
    metrics_.Spent(metrics::Activity::kLoading, absl::ToDoubleSeconds(absl::Now() - start));
  }
  log::Info("model loaded", {{"rank", flags_.rank}, {"ranks", collectives.size()}, {"device", device.str()}});
  return trainer;
}

absl::StatusOr<RunEnd> RankProcess::Follow(learner::Trainer& trainer, Collectives& collectives) {
  RETURN_IF_ERROR(process::WritePortFile(flags_.common, /*grpc_port=*/0, http_->port()));
  readiness_.Set(absl::OkStatus());
  // Only rank 0 can stop the run in order; it tells all ranks, this one too.
  drain_.Become([&collectives] {
    if (const absl::Status asked = collectives.AskToStop(); !asked.ok()) {
      log::Warning("rank 0 does not hear that it should stop", {{"error", std::string(asked.message())}});
    }
  });
  learner::FollowOptions options;
  options.idle_timeout = kSilentCollectives * CollectiveTime();
  options.waiting = [&] { pulse_.Beat(options.idle_timeout); };
  options.working = [&] { pulse_.Beat(CollectiveTime()); };
  const absl::StatusOr<learner::FollowEnd> end = learner::FollowLeader(trainer, collectives, options);
  drain_.Become(nullptr);
  RETURN_IF_ERROR(end.status());
  return *end == learner::FollowEnd::kDone ? RunEnd::kDone : RunEnd::kStopped;
}

RunParts RankProcess::PartsOfTheRun(Collectives& collectives, Serving& serving,
                                    const data::PromptSource& prompts, const recipe::Suite& suite) {
  RunParts parts;
  parts.recipe = recipe_;
  parts.heldout.prompts = prompts.HeldoutPrompts(recipe_.evaluation().questions());
  parts.heldout.plan = [this, &prompts](uint64_t version) {
    return HeldoutPlan(recipe_, prompts.prompt_template(), version);
  };
  parts.suite.prompts = suite.prompts;
  parts.suite.plan = [this, &suite](uint64_t version) {
    return SuitePlan(recipe_, suite.prompt_template, version);
  };
  parts.suite.report = [this, &suite](const std::vector<v1::Group>& groups) {
    return ReportOfSuite(suite, recipe_, groups);
  };
  parts.store = &serving.rollouts();
  parts.progress = &serving.store_view();
  parts.metrics = &metrics_;
  parts.status = &serving.status();
  parts.readiness = &readiness_;
  parts.beat = [this](absl::Duration work) { pulse_.Beat(work + CollectiveTime()); };
  parts.stop = [this, &collectives] { return stop_ || collectives.AskedToStop(); };
  if (flags_.started > 0) parts.started = absl::UnixEpoch() + absl::Seconds(flags_.started);
  return parts;
}

// A supervised run serves nobody, so that its port file says 0 for gRPC.
absl::StatusOr<RunEnd> RankProcess::LeadExamples(learner::Trainer& trainer, Collectives& collectives) {
  RETURN_IF_ERROR(process::WritePortFile(flags_.common, /*grpc_port=*/0, http_->port()));
  drain_.Become([this] { stop_ = true; });
  SupervisedProcess process;
  process.metrics = &metrics_;
  process.readiness = &readiness_;
  process.stop = [this, &collectives] { return stop_ || collectives.AskedToStop(); };
  process.beat = [this](absl::Duration work) { pulse_.Beat(work + CollectiveTime()); };
  process.retention = RetentionOf(recipe_.run());
  process.started = flags_.started > 0 ? absl::UnixEpoch() + absl::Seconds(flags_.started) : absl::Now();
  absl::StatusOr<RunEnd> end = LeadSupervised(recipe_, folder_, process, trainer);
  drain_.Become(nullptr);
  readiness_.Drain();
  return Farewell(std::move(end), trainer);
}

// The other ranks hear how it ended.
absl::StatusOr<RunEnd> RankProcess::Farewell(absl::StatusOr<RunEnd> end, learner::Trainer& trainer) {
  const bool done = end.ok() && *end == RunEnd::kDone;
  const absl::Status told =
      trainer.StopFollowers(done ? learner::FollowEnd::kDone : learner::FollowEnd::kStopped);
  if (end.ok() && !told.ok())
    log::Warning("could not stop the other ranks", {{"error", std::string(told.message())}});
  return end;
}

absl::StatusOr<RunEnd> RankProcess::Lead(learner::Trainer& trainer, Collectives& collectives) {
  ASSIGN_OR_RETURN(const auto tokenizer, model::Tokenizer::Load(folder_.model()));
  ASSIGN_OR_RETURN(data::PromptSourceOptions options,
                   JudgePrompts(recipe_, folder_.model(), *tokenizer, trainer.model().config()));
  ASSIGN_OR_RETURN(const recipe::Suite suite, recipe::LoadSuite(recipe_, options));
  ASSIGN_OR_RETURN(const auto prompts, data::MakePromptSource(recipe_, std::move(options)));
  for (const std::string& warning : prompts->report().Warnings(recipe_)) log::Warning(warning);
  ASSIGN_OR_RETURN(const auto serving, Serving::Start({.flags = flags_,
                                                       .recipe = recipe_,
                                                       .folder = folder_,
                                                       .group_limits = trainer.group_limits(),
                                                       .prompts = prompts.get(),
                                                       .metrics = &metrics_,
                                                       .heartbeats = &heartbeats_}));
  SetServing(serving.get());
  RETURN_IF_ERROR(PublishBase(trainer.model(), &serving->publisher()));
  if (trainer.model().config().eos_token_ids.empty() && prompts->prompt_template().stop.empty()) {
    serving->status().Tell(
        "nothing ends a response: the model has no end-of-sequence token and data.template no stop text, so "
        "every "
        "response is cut at the limit and its reward is 0; set data.stop, or eos_token_id in the model's "
        "generation_config.json");
  }
  RETURN_IF_ERROR(process::WritePortFile(flags_.common, serving->port(), http_->port()));
  drain_.Become([this, &serving] {
    stop_ = true;
    serving->Drain();
  });
  LeadTrainer lead(&recipe_, prompts.get(), tokenizer.get(), &trainer);
  CheckpointFolder checkpoints(folder_, RetentionOf(recipe_.run()), &trainer, [&](uint64_t version) {
    return serving->publisher().Newest({static_cast<uint32_t>(Incarnation()), version});
  });
  ReportFiles reports(folder_, tokenizer.get());
  RunParts parts = PartsOfTheRun(collectives, *serving, *prompts, suite);
  parts.trainer = &lead;
  parts.checkpoints = &checkpoints;
  parts.reports = &reports;
  parts.publish = [&](const model::WeightVersion& version) {
    return ExportAndPublish(trainer, version, &serving->publisher());
  };
  parts.keep_weights = [&](bool keep) { serving->publisher().Keep(keep); };
  absl::StatusOr<RunEnd> end = RunLoop(std::move(parts)).Run();
  drain_.Become(nullptr);
  const bool done = end.ok() && *end == RunEnd::kDone;
  if (done) {
    const bool first_start = serving->store_view().GetProgress().incarnation == 1;
    serving->AwaitActorsEnd(first_start ? absl::ZeroDuration() : kWayBack, kGoodbye);
  }
  readiness_.Drain();
  SetServing(nullptr);
  return Farewell(std::move(end), trainer);
}

absl::StatusOr<RunEnd> RankProcess::Run() {
  // Whatever is wrong with the configuration is said before anything is written or waited for.
  ASSIGN_OR_RETURN(
      const torch::Device device,
      model::ResolveDevice(flags_.device.empty() ? recipe_.run().device() : flags_.device, flags_.rank));
  ASSIGN_OR_RETURN(const C10dOptions join, JoinOptions(flags_, recipe_, device));
  RETURN_IF_ERROR(model::SetComputeThreads(ThreadCount({flags_.threads, recipe_.run().threads()})));
  RETURN_IF_ERROR(folder_.Create());
  RETURN_IF_ERROR(ServePages());
  // There is nothing to save yet, and joining cannot be interrupted.
  drain_.Become([] { process::EndAtOnce(process::kExitStopped, "stopped before the run began"); });
  // Until there is a checkpoint the run has not begun, whatever a start that was cut off left of the folder.
  if (flags_.rank == 0 && !folder_.NewestCheckpoint().has_value()) {
    RETURN_IF_ERROR(ReplaceModelFolder(recipe_, folder_.model()));
  }
  // Rank 0 wrote RUN/model before the others can join, so they read it afterwards.
  pulse_ = heartbeats_.Begin("rank");
  pulse_.Beat(3 * join.join_timeout);  // c10d tries twice, with a pause between
  readiness_.Set(absl::UnavailableError("waiting for the other ranks"));
  ASSIGN_OR_RETURN(const auto collectives, Join(join));
  ASSIGN_OR_RETURN(const auto trainer, Load(device, *collectives));
  const auto lead = recipe_.sft().train().empty() ? &RankProcess::Lead : &RankProcess::LeadExamples;
  absl::StatusOr<RunEnd> end =
      flags_.rank == 0 ? (this->*lead)(*trainer, *collectives) : Follow(*trainer, *collectives);
  pulse_ = Heartbeats::Pulse();
  return end;
}

}  // namespace

absl::StatusOr<RunEnd> RunRank(const Flags& flags, const v1::Recipe& recipe, StopSignal& signals) {
  return RankProcess(flags, recipe, signals).Run();
}

}  // namespace drover::learner_process
