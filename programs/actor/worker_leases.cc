// What a worker says to the learner: it asks for leases, renews them, hands them back, and submits groups.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "programs/actor/worker.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kErrorPause = absl::Milliseconds(500);  // after a call whose own retries gave up
constexpr absl::Duration kEmptyPause = absl::Milliseconds(50);   // after an empty answer that did not wait
constexpr absl::Duration kLongestCall = absl::Minutes(15);       // the client's own retries included
constexpr absl::Duration kIdleRound = absl::Seconds(10);  // for a loop's pulse, while nothing is to be done

}  // namespace

void Worker::LeaseLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "lease");
  bool away = false;  // said that the learner does not answer
  while (true) {
    uint32_t groups = 0;
    pulse.Beat(kLongestCall);
    {
      absl::MutexLock lock(&mutex_);
      const auto wanted = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return table_.closed() || table_.Room() > 0;
      };
      if (!mutex_.AwaitWithTimeout(absl::Condition(&wanted), kIdleRound)) continue;
      if (table_.closed()) return;
      groups = table_.Room();
    }
    const bool answered = AskForLeases(groups);
    parts_.metrics->learner_up.Set(answered ? 1 : 0);
    if (StoppedWithin(answered ? absl::ZeroDuration() : kErrorPause)) return;
    if (answered == away) log::Info(answered ? "the learner answers again" : "waiting for the learner");
    away = !answered;
  }
}

bool Worker::AskForLeases(uint32_t groups) {
  v1::LeaseGroupsRequest request;
  request.set_actor(options_.name);
  request.set_max_leases(groups);
  request.set_wait_seconds(absl::ToDoubleSeconds(options_.lease_wait));
  const absl::Time asked = absl::Now();
  auto answer = parts_.leases->LeaseGroups(request);
  if (!answer.ok()) {
    if (absl::IsCancelled(answer.status())) return true;  // our own doing
    parts_.metrics->errors.Count(answer.status());
    log::Debug("no leases from the learner", {{"error", std::string(answer.status().message())}});
    return false;
  }
  const std::string digest = answer->sampling_digest();
  if (!options_.sampling_digest.empty() && !digest.empty() && digest != options_.sampling_digest) {
    Tell([&](LeaseTable& table) { table.Decline(*std::move(answer), "the actor has another recipe"); });
    Fail(absl::AbortedError(
        absl::StrCat("the learner's recipe is not the one that this actor began with (sampling "
                     "digest ",
                     digest, ", ours ", options_.sampling_digest, "): the actor has to start again")));
    return true;
  }
  const bool nothing = answer->leases().empty();
  Tell([&](LeaseTable& table) { table.Take(*std::move(answer), absl::Now()); });
  if (nothing && absl::Now() - asked < kEmptyPause) StoppedWithin(kEmptyPause);
  return true;
}

void Worker::RenewLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "renew");
  while (true) {
    std::vector<v1::RenewLeasesRequest> requests;
    {
      absl::MutexLock lock(&mutex_);
      const absl::Time now = absl::Now();
      const absl::Time due = std::min(table_.NextRenewal(), now + kIdleRound);
      pulse.Beat(due - now + kLongestCall);
      const auto sooner = [this, due]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return table_.stopped() || table_.NextRenewal() < due;
      };
      mutex_.AwaitWithDeadline(absl::Condition(&sooner), due);
      if (table_.stopped()) return;
      requests = table_.Renewals(absl::Now());
    }
    for (const v1::RenewLeasesRequest& request : requests) Renew(request);
  }
}

void Worker::Renew(const v1::RenewLeasesRequest& request) {
  const auto answer = parts_.leases->RenewLeases(request);
  if (!answer.ok()) return;  // the client has tried again for long; the next round asks anew
  Tell([&](LeaseTable& table) { table.Renewed(request, *answer); });
}

void Worker::ReturnLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "return");
  while (true) {
    std::vector<v1::ReturnLeasesRequest> requests;
    pulse.Beat(kLongestCall);
    {
      absl::MutexLock lock(&mutex_);
      const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return no_returns_ || table_.has_returns();
      };
      if (!mutex_.AwaitWithTimeout(absl::Condition(&some), kIdleRound)) continue;
      if (no_returns_) return;
      requests = table_.TakeReturns();
      returning_ = true;
    }
    for (const v1::ReturnLeasesRequest& request : requests) Return(request);
    absl::MutexLock lock(&mutex_);
    returning_ = false;
  }
}

void Worker::Return(const v1::ReturnLeasesRequest& request) {
  const absl::Status returned = parts_.leases->ReturnLeases(request);
  if (returned.ok()) {
    log::Info("handed leases back", {{"leases", request.leases_size()}, {"why", request.reason()}});
  } else {
    log::Warning("could not hand leases back; they will expire", {{"leases", request.leases_size()}});
  }
}

void Worker::SubmitLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "submit");
  while (true) {
    pulse.Beat(options_.grade_timeout + kLongestCall);
    Submission submission;
    {
      absl::MutexLock lock(&mutex_);
      const auto some = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return table_.stopped() || table_.has_submission();
      };
      if (!mutex_.AwaitWithTimeout(absl::Condition(&some), kIdleRound)) continue;
      if (table_.stopped()) return;
      submission = table_.TakeSubmission();
    }
    const uint64_t lease = submission.lease->lease();
    const SubmissionEnd end = submitter_.Submit(std::move(submission));
    Tell([&](LeaseTable& table) { table.Submitted(lease, end); });
  }
}

}  // namespace drover::actor_process
