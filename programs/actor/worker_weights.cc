// The weights of a worker: the newest, from the stream; an older version, which an evaluation is of, kept or fetched; and how
// they go into the engine.
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "programs/actor/worker.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kIdleLook = absl::Seconds(5);  // for a loop's pulse, while nothing is to be done
constexpr absl::Duration kLongestFetch = absl::Minutes(15);  // its own deadline included
// Leases whose weights could not be had go back so much later, not to come again at once.
constexpr absl::Duration kFetchPause = absl::Seconds(1);

}  // namespace

void Worker::WeightsLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "weights");
  std::shared_ptr<const weights::Received> newest;
  while (!StoppedWithin(absl::ZeroDuration())) {
    pulse.Beat(kIdleLook);
    auto newer = parts_.weights->WaitForNewer(newest.get(), kIdleLook);
    if (newer == nullptr) continue;
    const auto before = std::exchange(newest, std::move(newer));
    absl::MutexLock lock(&mutex_);
    newest_ = newest;
    table_.NoteWeights(newest->version);
    if (before != nullptr && table_.kept() == before->version) kept_ = before;
    Publish();
  }
}

void Worker::FetchLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "fetch");
  while (true) {
    std::optional<model::WeightVersion> missing;
    pulse.Beat(kLongestFetch);
    {
      absl::MutexLock lock(&mutex_);
      const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return table_.stopped() || table_.Missing().has_value();
      };
      if (!mutex_.AwaitWithTimeout(absl::Condition(&some), kIdleLook)) continue;
      if (table_.stopped()) return;
      missing = table_.Missing();
    }
    Fetch(*missing);
  }
}

void Worker::Fetch(const model::WeightVersion& version) {
  auto fetched = parts_.weights->Fetch(version);
  if (fetched.ok()) {
    log::Info("weights fetched for an evaluation", {{"version", version.number}});
    absl::MutexLock lock(&mutex_);
    table_.NoteFetched(version);
    if (table_.kept() == version) kept_ = *std::move(fetched);
    return Publish();
  }
  log::Warning("weights of an evaluation cannot be had",
               {{"version", version.number}, {"status", fetched.status().ToString()}});
  parts_.metrics->errors.Count(fetched.status());
  if (StoppedWithin(kFetchPause)) return;
  Tell([&](LeaseTable& table) { table.CannotFetch(version, "its weights cannot be had"); });
}

absl::Status Worker::Swap() {
  std::shared_ptr<const weights::Received> wanted;
  {
    absl::MutexLock lock(&mutex_);
    const std::optional<model::WeightVersion> version = table_.Wanted();
    for (const auto& each : {newest_, kept_}) {
      if (each != nullptr && each->version == version) wanted = each;
    }
  }
  if (wanted == nullptr)
    return absl::OkStatus();  // a lease went away meanwhile, and other weights are wanted
  const absl::Time start = absl::Now();
  if (wanted->base != nullptr && wanted->base->digest != base_digest_) {
    RETURN_IF_ERROR(parts_.generator->TakeBase(*wanted->base));
    base_digest_ = wanted->base->digest;
  }
  RETURN_IF_ERROR(parts_.generator->SwapWeights(wanted->version.number, wanted->weights));
  parts_.metrics->swap_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
  parts_.metrics->weight_swaps.Increment();
  parts_.metrics->weight_version.Set(static_cast<double>(wanted->version.number));
  log::Info("weights", {{"incarnation", wanted->version.incarnation}, {"version", wanted->version.number}});
  parts_.metrics->progress_timestamp.Set(metrics::UnixSeconds());
  Tell([&](LeaseTable& table) { table.Swapped(wanted->version); });
  if (parts_.readiness != nullptr) parts_.readiness->Set(absl::OkStatus());
  return absl::OkStatus();
}

}  // namespace drover::actor_process
