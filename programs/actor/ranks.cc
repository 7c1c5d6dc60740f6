#include "programs/actor/ranks.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "actor/pass_follower.h"
#include "base/address.h"
#include "base/log.h"
#include "base/status.h"
#include "base/threads.h"
#include "drover/v1/pass.pb.h"
#include "model/device.h"
#include "model/rank_share.h"
#include "programs/actor/http_pages.h"
#include "programs/process/drain_watch.h"
#include "programs/process/exit_status.h"
#include "recipe/lora.h"

namespace drover::actor_process {
namespace {

// Rank 0 speaks every five seconds while it is idle (actor/pass_leader.h): less patience than some of them has no meaning.
constexpr absl::Duration kLeastPatience = absl::Seconds(30);

// Between two looks whether a rank 0 that misses this rank has made way for the next one.
constexpr absl::Duration kOldRankZero = absl::Seconds(5);

absl::Duration Patience(const Flags& flags) {
  return std::max(kLeastPatience, absl::Seconds(flags.collective_seconds));
}

// Ranks join before those above 0 know the recipe, and all must be on devices of one kind: with several the flag alone counts.
absl::StatusOr<torch::Device> DeviceOf(const Flags& flags, const v1::Recipe& recipe) {
  const std::string without = flags.ranks > 1 ? "auto" : recipe.run().device();
  return model::ResolveDevice(flags.device.empty() ? without : flags.device,
                              flags.place < 0 ? flags.rank : flags.place);
}

absl::StatusOr<std::unique_ptr<Collectives>> Join(const Flags& flags) {
  if (flags.ranks == 1) return LocalCollectives();
  ASSIGN_OR_RETURN(const torch::Device device, DeviceOf(flags, {}));
  const absl::StatusOr<HostPort> address = ParseHostPort(flags.rendezvous);
  if (!address.ok()) return Annotate(address.status(), "--rendezvous");
  C10dOptions options;
  options.rank = flags.rank;
  options.size = flags.ranks;
  options.host = address->host;
  options.port = static_cast<uint16_t>(address->port);
  options.own_address = flags.rank_address;
  options.join_timeout = absl::Seconds(flags.join_seconds);
  options.timeout = absl::Seconds(flags.collective_seconds);
  options.device = device;
  log::Info("joining the actor's other ranks",
            {{"rank", flags.rank}, {"ranks", flags.ranks}, {"rendezvous", flags.rendezvous}});
  return JoinC10d(options);
}

absl::Status CheckRanks(const Flags& flags, const Setup& setup) {
  const int wanted = std::max(1, static_cast<int>(setup.recipe.actors().tensor_parallel()));
  if (flags.ranks != wanted) {
    return absl::InvalidArgumentError(
        absl::StrCat("--ranks is ", flags.ranks, ", but the recipe has actors.tensor_parallel: ", wanted,
                     ": start as many processes of this actor, each with --ranks ", wanted));
  }
  if (const std::string& device = setup.recipe.run().device();
      wanted > 1 && flags.device.empty() && device != "auto") {
    return absl::InvalidArgumentError(absl::StrCat("the recipe has run.device: \"", device,
                                                   "\": give each rank of the actor --device ", device));
  }
  return Annotate(model::CheckShares(setup.config, wanted), "actors.tensor_parallel");
}

absl::StatusOr<v1::RankSetup> HearSetup(Collectives& collectives, absl::Duration patience) {
  std::string bytes;
  RETURN_IF_ERROR(collectives.Broadcast(&bytes, patience));
  v1::RankSetup setup;
  if (!setup.ParseFromString(bytes)) return absl::DataLossError("rank 0's setup cannot be read");
  return setup;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ActorGroup>> ActorGroup::Gather(const Flags& flags, const Setup& setup) {
  RETURN_IF_ERROR(CheckRanks(flags, setup));
  auto group = std::make_unique<ActorGroup>();
  ASSIGN_OR_RETURN(group->collectives_, Join(flags));
  if (flags.ranks == 1) return group;
  v1::RankSetup said;
  *said.mutable_recipe() = setup.recipe;
  said.set_config_json(setup.config_json);
  std::string bytes = said.SerializeAsString();
  RETURN_IF_ERROR(group->collectives_->Broadcast(&bytes, absl::Seconds(flags.join_seconds)));
  group->ranks_ = std::make_unique<actor::ActorRanks>(group->collectives_.get(), Patience(flags));
  return group;
}

absl::StatusOr<std::unique_ptr<model::Transformer>> MakeModel(const Flags& flags, const v1::Recipe& recipe,
                                                              const model::ModelConfig& config,
                                                              actor::ActorRanks* ranks) {
  RETURN_IF_ERROR(model::SetComputeThreads(ThreadCount({flags.threads, recipe.run().threads()})));
  model::TransformerOptions options;
  ASSIGN_OR_RETURN(options.device, DeviceOf(flags, recipe));
  options.dtype = recipe.model().dtype() == v1::BFLOAT16 ? torch::kBFloat16 : torch::kFloat32;
  options.lora = recipe::LoraOf(recipe);
  options.group = ranks;
  return model::Transformer::CreateEmpty(config, options);
}

namespace {

// Once joined.
absl::Status Follow(const Flags& flags, Collectives& collectives, Heartbeats::Pulse& pulse,
                    process::Readiness& readiness) {
  const absl::Duration patience = Patience(flags);
  readiness.Set(absl::UnavailableError("waiting for rank 0"));
  pulse.Beat(patience);
  ASSIGN_OR_RETURN(const v1::RankSetup setup, HearSetup(collectives, patience));
  ASSIGN_OR_RETURN(const model::ModelConfig config, model::ParseModelConfig(setup.config_json()));
  actor::ActorRanks ranks(&collectives);
  ASSIGN_OR_RETURN(auto model, MakeModel(flags, setup.recipe(), config, &ranks));
  readiness.Set(absl::OkStatus());
  log::Info("rank set up", {{"rank", flags.rank}, {"ranks", flags.ranks}});
  return actor::FollowPasses(ranks, std::move(model),
                             {.patience = patience, .heard = [&] { pulse.Beat(patience); }});
}

// Rank 0 listens once the learner has told it the recipe, which may come as late as it likes: nobody there is no error. Nor is a
// rank 0 that this rank, in an earlier life, was lost to: it ends, and is started again.
absl::StatusOr<std::unique_ptr<Collectives>> JoinInTheEnd(const Flags& flags, Heartbeats::Pulse& pulse,
                                                          const std::function<bool()>& draining) {
  while (true) {
    pulse.Beat(3 * absl::Seconds(flags.join_seconds));  // connecting, and then waiting for the others
    auto joined = Join(flags);
    const bool of_earlier_start = absl::IsAborted(joined.status());
    if ((!absl::IsDeadlineExceeded(joined.status()) && !of_earlier_start) || draining()) return joined;
    if (of_earlier_start) absl::SleepFor(kOldRankZero);
    log::Warning("the actor's other ranks are not there yet: still waiting",
                 {{"error", std::string(joined.status().message())}});
  }
}

absl::Status JoinAndFollow(const Flags& flags, process::DrainAction& drain, Heartbeats::Pulse& pulse,
                           process::Readiness& readiness, const std::function<bool()>& draining) {
  ASSIGN_OR_RETURN(const auto collectives, JoinInTheEnd(flags, pulse, draining));
  // A rank 0 that is gone is missed by other means.
  drain.Become([&collectives] { collectives->AskToStop().IgnoreError(); });
  const absl::Status end = Follow(flags, *collectives, pulse, readiness);
  drain.Become(nullptr);
  // However it was noticed: from within a pass it comes as an exception.
  if (!end.ok() && collectives->lost()) return absl::UnavailableError(end.message());
  return end;
}

}  // namespace

absl::Status RunOtherRank(const Flags& flags, StopSignal& signals) {
  Heartbeats heartbeats(absl::Seconds(flags.common.live_seconds));
  process::Readiness readiness;
  process::DrainAction drain;
  ASSIGN_OR_RETURN(const auto http, ServePages(flags, heartbeats, readiness, /*metrics=*/nullptr));
  process::DrainWatch watch(
      signals, {.deadline = absl::Seconds(flags.drain_seconds) + kLastWait,
                .drain =
                    [&] {
                      readiness.Drain();
                      drain.Drain();
                    },
                .cut = [](const std::string& why) { process::EndAtOnce(process::kExitDone, why); }});
  readiness.Set(absl::UnavailableError("waiting for the other ranks"));
  Heartbeats::Pulse pulse = heartbeats.Begin("rank");
  const absl::Status end =
      JoinAndFollow(flags, drain, pulse, readiness, [&watch] { return watch.draining(); });
  // Rank 0 may have been told to stop, too, and be gone: nothing is lost with this rank.
  if (watch.draining() && (absl::IsUnavailable(end) || absl::IsDeadlineExceeded(end)))
    return absl::OkStatus();
  if (end.ok()) log::Info(watch.draining() ? "drained" : "rank 0 is done");
  return end;
}

}  // namespace drover::actor_process
