#include "programs/actor/process.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "absl/synchronization/notification.h"
#include "actor/engine.h"
#include "base/address.h"
#include "base/heartbeat.h"
#include "base/log.h"
#include "base/status.h"
#include "data/prompt_fit.h"
#include "model/device.h"
#include "programs/actor/http_pages.h"
#include "programs/actor/ranks.h"
#include "programs/actor/remote.h"
#include "programs/actor/setup.h"
#include "programs/actor/worker.h"
#include "programs/process/drain_watch.h"
#include "programs/process/exit_status.h"
#include "programs/process/readiness.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kStopRound = absl::Seconds(1);

uint32_t GroupsInFlight(const v1::Recipe& recipe) {
  if (recipe.actors().groups_in_flight() > 0) return recipe.actors().groups_in_flight();
  const uint32_t actors = recipe.actors().count();
  return (recipe.rollout().prompts() + actors - 1) / actors;  // an equal share of a rollout
}

WorkerOptions MakeWorkerOptions(const Flags& flags, const Setup& setup) {
  const v1::Recipe& recipe = setup.recipe;
  WorkerOptions options;
  options.name = flags.name;
  options.groups_in_flight = GroupsInFlight(recipe);
  options.group_size = recipe.rollout().group_size();
  options.max_batch = recipe.actors().max_batch();
  options.continue_on_swap = recipe.weights().swap() == v1::CONTINUE;
  options.drain_timeout = absl::Seconds(flags.drain_seconds);
  options.sampling_digest = setup.sampling_digest;
  return options;
}

absl::StatusOr<std::unique_ptr<actor::Engine>> MakeGenerator(const Flags& flags, const Setup& setup,
                                                             actor::ActorRanks* ranks) {
  const v1::Recipe& recipe = setup.recipe;
  ASSIGN_OR_RETURN(auto model, MakeModel(flags, recipe, setup.config, ranks));
  const actor::EngineOptions engine = {.max_batch = recipe.actors().max_batch(),
                                       .cache_bytes = static_cast<int64_t>(recipe.actors().cache_bytes()),
                                       .speculation = recipe.actors().speculation(),
                                       .ranks = ranks};
  return actor::Engine::Create(engine, std::move(model), setup.tokenizer.get(), /*version=*/0);
}

// Another rank that is told to stop can ask no more than that; this one drains.
class StopListener {
 public:
  // All outlive it.
  StopListener(ActorGroup* group, Worker* worker) {
    if (group->ranks() == nullptr) return;
    thread_ = std::thread([this, group, worker] {
      while (!over_.WaitForNotificationWithTimeout(kStopRound)) {
        if (!group->asked_to_stop()) continue;
        log::Info("another rank was told to stop: draining");
        heard_ = true;
        worker->Drain();
        return;
      }
    });
  }
  ~StopListener() {
    over_.Notify();
    if (thread_.joinable()) thread_.join();
  }

  bool heard() const { return heard_; }

 private:
  absl::Notification over_;
  std::atomic<bool> heard_{false};
  std::thread thread_;
};

// How work ends in order: with the run, or with the draining that another rank was told of. Of this rank's own draining its
// DrainWatch knows.
enum class End { kRunIsOver, kAnotherRankDrained };

// Once set up: works until the end of the run, of the draining, or an error.
absl::StatusOr<End> Work(const Flags& flags, const Setup& setup, RemoteLearner& learner,
                         process::DrainAction& drain, Heartbeats& heartbeats, process::Readiness& readiness,
                         metrics::ActorMetrics& metrics) {
  ASSIGN_OR_RETURN(const auto verifiers, ParseAddresses(flags.verifier));
  readiness.Set(absl::UnavailableError("waiting for the actor's other ranks"));
  ASSIGN_OR_RETURN(const auto group, ActorGroup::Gather(flags, setup));
  readiness.Set(absl::UnavailableError("making the engine"));
  ASSIGN_OR_RETURN(const auto generator, MakeGenerator(flags, setup, group->ranks()));
  const WorkerOptions options = MakeWorkerOptions(flags, setup);
  RETURN_IF_ERROR(options.Validate());
  RemoteGrader grader(verifiers, flags.name, &metrics.grading);
  weights::WeightSubscriber subscriber(
      {.address = flags.learner, .name = flags.name, .backoff = LearnerBackoff(), .heartbeats = &heartbeats},
      &metrics.weights);
  RemoteWeights weight_source(&subscriber);
  readiness.Set(absl::UnavailableError("waiting for the learner's weights"));

  WorkerParts parts;
  parts.leases = &learner;
  parts.grader = &grader;
  parts.weights = &weight_source;
  parts.generator = generator.get();
  parts.metrics = &metrics;
  parts.readiness = &readiness;
  parts.heartbeats = &heartbeats;
  parts.encode = [&setup, encoding = data::PromptEncoding(setup.recipe.data())](std::string_view text) {
    return setup.tokenizer->Encode(text, encoding);
  };
  Worker worker(options, parts);
  drain.Become([&worker] { worker.Drain(); });
  const StopListener listener(group.get(), &worker);
  log::Info("actor set up", {{"learner", flags.learner}, {"verifier", flags.verifier}});
  if (group->ranks() != nullptr)
    group->ranks()->set_in_order(false);  // unless it turns out to be; it may throw
  const absl::Status end = worker.Run();
  if (group->ranks() != nullptr) group->ranks()->set_in_order(end.ok());
  drain.Become(nullptr);
  RETURN_IF_ERROR(end);
  return listener.heard() ? End::kAnotherRankDrained : End::kRunIsOver;
}

const char* WhyInOrder(bool draining, End end) {
  if (draining) return "drained";
  return end == End::kAnotherRankDrained ? "drained: another rank was told to stop" : "the run is over";
}

}  // namespace

absl::Status RunActor(const Flags& flags, StopSignal& signals) {
  if (flags.rank > 0) return RunOtherRank(flags, signals);
  RETURN_IF_ERROR(Annotate(ParseAddresses(flags.verifier).status(), "--verifier"));
  ASSIGN_OR_RETURN(const HostPort learner_address, ParseHostPort(flags.learner));
  if (learner_address.port == 0) return absl::InvalidArgumentError("--learner: port 0 cannot be called");
  if (!flags.device.empty()) RETURN_IF_ERROR(model::ResolveDevice(flags.device).status());

  Heartbeats heartbeats(absl::Seconds(flags.common.live_seconds));
  process::Readiness readiness;
  metrics::ActorMetrics metrics;
  process::DrainAction drain;
  ASSIGN_OR_RETURN(const auto http, ServePages(flags, heartbeats, readiness, &metrics));
  process::DrainWatch watch(
      signals,
      {.deadline = absl::Seconds(flags.drain_seconds) + kLastWait,
       .drain =
           [&] {
             readiness.Drain();
             drain.Drain();
           },
       // The leases that it still holds expire: nothing is lost, and nothing is wrong with the actor.
       .cut = [](const std::string& why) { process::EndAtOnce(process::kExitDone, why); }});

  RemoteLearner learner(flags.learner, flags.name);
  drain.Become([&learner] { learner.Cancel(); });
  readiness.Set(absl::UnavailableError("waiting for the learner"));
  const absl::StatusOr<Setup> setup = MakeSetup(flags.recipe, flags.model, learner);
  absl::StatusOr<End> end = End::kRunIsOver;
  if (setup.ok()) {
    end = Work(flags, *setup, learner, drain, heartbeats, readiness, metrics);
  } else {
    end = setup.status();
  }
  drain.Become(nullptr);
  if (watch.draining() && absl::IsCancelled(end.status())) end = End::kRunIsOver;
  if (end.ok()) log::Info(WhyInOrder(watch.draining(), *end));
  return end.status();
}

}  // namespace drover::actor_process
