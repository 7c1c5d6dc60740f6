// The worker's leases: asked for, renewed, handed back. What is done with them: worker.cc.
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "programs/actor/worker.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kErrorPause = absl::Milliseconds(500);  // after a call whose own retries gave up
constexpr absl::Duration kEmptyPause = absl::Milliseconds(50);   // after an empty answer that did not wait
constexpr absl::Duration kLongestCall = absl::Minutes(15);       // the client's own retries included

}  // namespace

uint64_t Worker::ResponsesHeld() const {
  uint64_t responses = 0;
  for (const auto& [id, held] : held_) responses += held.lease.sampling().group_size();
  return responses;
}

bool Worker::Idle() const { return held_.empty() && generated_.empty(); }

void Worker::Fail(absl::Status why) {
  absl::MutexLock lock(&mutex_);
  if (failure_.ok()) failure_ = std::move(why);
}

bool Worker::StoppedWithin(absl::Duration pause) {
  absl::MutexLock lock(&mutex_);
  const auto stopped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_; };
  return mutex_.AwaitWithTimeout(absl::Condition(&stopped), pause);
}

void Worker::LeaseLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "lease");
  const uint64_t most = uint64_t{options_.groups_in_flight} * options_.group_size;
  bool away = false;  // said that the learner does not answer
  while (true) {
    uint64_t room = 0;
    pulse.Beat(kLongestCall);
    {
      absl::MutexLock lock(&mutex_);
      const auto wanted = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return no_more_leases_ || stop_ || !failure_.ok() || ResponsesHeld() < most;
      };
      if (!mutex_.AwaitWithTimeout(absl::Condition(&wanted), absl::Seconds(10))) continue;
      if (no_more_leases_ || stop_ || !failure_.ok()) return;
      room = most - ResponsesHeld();
    }
    const bool answered = AskForLeases(room);
    parts_.metrics->learner_up.Set(answered ? 1 : 0);
    if (StoppedWithin(answered ? absl::ZeroDuration() : kErrorPause)) return;
    if (answered == away) log::Info(answered ? "the learner answers again" : "waiting for the learner");
    away = !answered;
  }
}

bool Worker::AskForLeases(uint64_t room) {
  v1::LeaseGroupsRequest request;
  request.set_actor(options_.name);
  request.set_max_leases(static_cast<uint32_t>((room + options_.group_size - 1) / options_.group_size));
  request.set_wait_seconds(absl::ToDoubleSeconds(options_.lease_wait));
  const absl::Time asked = absl::Now();
  const auto answer = parts_.leases->LeaseGroups(request);
  if (!answer.ok()) {
    if (absl::IsCancelled(answer.status())) return true;  // our own doing
    parts_.metrics->errors.Count(answer.status());
    log::Debug("no leases from the learner", {{"error", std::string(answer.status().message())}});
    return false;
  }
  const bool compared = !options_.sampling_digest.empty() && !answer->sampling_digest().empty();
  if (compared && answer->sampling_digest() != options_.sampling_digest) {
    for (const v1::Lease& lease : answer->leases()) {
      GiveBack(lease, "the actor has another recipe", /*failed=*/false);
    }
    Fail(absl::AbortedError(absl::StrCat(
        "the learner's recipe is not the one that this actor began with (sampling "
        "digest ",
        answer->sampling_digest(), ", ours ", options_.sampling_digest, "): the actor has to start again")));
    return true;
  }
  TakeLeases(*answer);
  if (answer->leases().empty() && absl::Now() - asked < kEmptyPause) absl::SleepFor(kEmptyPause);
  return true;
}

void Worker::TakeLeases(const v1::LeaseGroupsResponse& answer) {
  bool draining = false;
  {
    absl::MutexLock lock(&mutex_);
    draining = draining_;
    if (answer.finished()) no_more_leases_ = true;
    for (const v1::Lease& lease : answer.leases()) {
      if (!draining) held_.emplace(lease.lease(), Held{.lease = lease, .since = absl::Now()});
    }
    UpdateGauges();
  }
  if (!draining) return;
  // They came while this actor began to drain.
  for (const v1::Lease& lease : answer.leases()) GiveBack(lease, "the actor drains", /*failed=*/false);
}

void Worker::RenewLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "renew");
  while (true) {
    double ttl = 3;
    {
      absl::MutexLock lock(&mutex_);
      for (const auto& [id, held] : held_) ttl = held.lease.ttl_seconds();
    }
    pulse.Beat(absl::Seconds(ttl / 3) + kLongestCall);
    if (StoppedWithin(absl::Seconds(ttl / 3))) return;
    Renew();
  }
}

void Worker::Renew() {
  v1::RenewLeasesRequest request;
  request.set_actor(options_.name);
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, held] : held_) {
      request.add_leases(id);
      request.add_tokens(held.lease.token());
      request.set_incarnation(held.lease.incarnation());
    }
  }
  if (request.leases_size() == 0) return;
  const auto answer = parts_.leases->RenewLeases(request);
  if (!answer.ok()) return;  // the client has tried again for long; the next round asks anew
  const std::set<uint64_t> kept(answer->held().begin(), answer->held().end());
  absl::MutexLock lock(&mutex_);
  for (uint64_t id : request.leases()) {
    const auto at = held_.find(id);
    if (kept.count(id) > 0 || at == held_.end() || at->second.stage == Stage::kSubmitting) continue;
    lost_.push_back(id);
  }
}

void Worker::GiveBack(const v1::Lease& lease, std::string_view reason, bool failed) {
  v1::ReturnLeasesRequest request;
  request.set_actor(options_.name);
  request.add_leases(lease.lease());
  request.add_tokens(lease.token());
  request.set_incarnation(lease.incarnation());
  request.set_reason(std::string(reason));
  request.set_failed(failed);
  Forget(lease.lease());
  parts_.metrics->Ended(failed ? metrics::GroupEnd::kFailed : metrics::GroupEnd::kReturned);
  if (const absl::Status returned = parts_.leases->ReturnLeases(request); !returned.ok()) {
    log::Warning("could not hand a lease back; it will expire", {{"lease", lease.lease()}});
  }
}

void Worker::GiveBackHeld(std::string_view reason, bool waiting_only) {
  std::map<uint32_t, v1::ReturnLeasesRequest> requests;  // by incarnation
  {
    absl::MutexLock lock(&mutex_);
    std::erase_if(held_, [&](const auto& entry) {
      if (waiting_only && entry.second.stage != Stage::kWaiting) return false;
      v1::ReturnLeasesRequest& request = requests[entry.second.lease.incarnation()];
      request.add_leases(entry.first);
      request.add_tokens(entry.second.lease.token());
      parts_.metrics->Ended(metrics::GroupEnd::kReturned);
      return true;
    });
    UpdateGauges();
  }
  for (auto& [incarnation, request] : requests) {
    request.set_actor(options_.name);
    request.set_incarnation(incarnation);
    request.set_reason(std::string(reason));
    const absl::Status returned = parts_.leases->ReturnLeases(request);
    if (returned.ok()) {
      log::Info("handed leases back", {{"leases", request.leases_size()}});
    } else {
      log::Warning("could not hand leases back; they will expire", {{"leases", request.leases_size()}});
    }
  }
}

void Worker::Forget(uint64_t lease_id) {
  absl::MutexLock lock(&mutex_);
  held_.erase(lease_id);
  UpdateGauges();
}

}  // namespace drover::actor_process
