#include "programs/actor/worker.h"

#include <algorithm>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/exceptions.h"
#include "base/log.h"
#include "base/status.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kIdleWait = absl::Milliseconds(20);  // how soon new weights are seen while idle
constexpr absl::Duration kSubmitTime = absl::Minutes(15);     // of one submission, retries included
constexpr absl::Duration kRunOverWait = absl::Seconds(2);     // for groups in flight when the run is over
constexpr absl::Duration kGiveBackWait = absl::Seconds(3);  // for the learner to take leases back at the end

}  // namespace

absl::Status WorkerOptions::Validate() const {
  if (name.empty()) return absl::InvalidArgumentError("an actor needs a name");
  if (groups_in_flight == 0 || group_size == 0) {
    return absl::InvalidArgumentError("groups_in_flight and group_size must be at least 1");
  }
  if (submitters < 1) return absl::InvalidArgumentError("submitters must be at least 1");
  return absl::OkStatus();
}

Worker::Worker(const WorkerOptions& options, const WorkerParts& parts)
    : options_(options),
      parts_(parts),
      submitter_({.actor = options.name, .grade_timeout = options.grade_timeout}, parts.grader, parts.leases,
                 parts.metrics) {}
Worker::~Worker() = default;

bool Worker::ready() const {
  absl::MutexLock lock(&mutex_);
  return current_.has_value() && !draining_;
}

void Worker::Drain() {
  if (parts_.readiness != nullptr) parts_.readiness->Drain();
  absl::MutexLock lock(&mutex_);
  if (draining_) return;
  draining_ = true;
  no_more_leases_ = true;
  drain_deadline_ = absl::Now() + options_.drain_timeout;
  UpdateGauges();
}

absl::Status Worker::Run() {
  std::vector<std::thread> threads;
  threads.emplace_back([this] { LeaseLoop(); });
  threads.emplace_back([this] { EngineLoop(); });
  threads.emplace_back([this] { RenewLoop(); });
  for (int i = 0; i < options_.submitters; ++i) threads.emplace_back([this] { SubmitLoop(); });
  bool draining = false;
  {
    absl::MutexLock lock(&mutex_);
    const auto over = [this]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return no_more_leases_ || !failure_.ok(); };
    mutex_.Await(absl::Condition(&over));
    draining = draining_;
  }
  // What was not begun is for others at once; a thread of its own, for a learner that is away takes long.
  std::thread early;
  if (draining) {
    early = std::thread([this] { GiveBackHeld("the actor drains", /*waiting_only=*/true); });
  }
  WaitForTheEnd();
  absl::Notification returned;
  std::thread guard([&] {
    // The learner may be away, and its client would try for long.
    if (!returned.WaitForNotificationWithTimeout(GiveBackTime())) parts_.leases->Cancel();
  });
  GiveBackHeld("the actor stops", /*waiting_only=*/false);
  if (early.joinable()) early.join();
  returned.Notify();
  guard.join();
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  parts_.leases->Cancel();
  parts_.grader->Stop();
  for (std::thread& thread : threads) thread.join();
  absl::MutexLock lock(&mutex_);
  return failure_;
}

absl::Duration Worker::GiveBackTime() const { return std::min(kGiveBackWait, options_.drain_timeout / 4); }

void Worker::WaitForTheEnd() {
  // Once the run is over nobody needs what is still in flight, and the learner goes.
  const absl::Time run_over = absl::Now() + std::min(options_.drain_timeout, kRunOverWait);
  absl::MutexLock lock(&mutex_);
  const auto empty = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return Idle() || !failure_.ok(); };
  const absl::Time until = draining_ ? drain_deadline_ - GiveBackTime() : run_over;
  mutex_.AwaitWithDeadline(absl::Condition(&empty), until);
}

void Worker::UpdateGauges() {
  size_t waiting = 0, generating = 0, submitting = 0;
  for (const auto& [id, held] : held_) {
    waiting += held.stage == Stage::kWaiting;
    generating += held.stage == Stage::kGenerating;
    submitting += held.stage == Stage::kSubmitting;
  }
  parts_.metrics->leases_held.Set(static_cast<double>(held_.size()));
  parts_.metrics->groups_waiting.Set(static_cast<double>(waiting));
  parts_.metrics->groups_generating.Set(static_cast<double>(generating));
  parts_.metrics->groups_grading.Set(static_cast<double>(submitting));
  parts_.metrics->ready.Set(current_.has_value() && !draining_ ? 1 : 0);
  parts_.metrics->draining.Set(draining_ ? 1 : 0);
}

// --- Generation -----------------------------------------------------------------------------------------------------

void Worker::EngineLoop() {
  const absl::Status end = CatchExceptions("generation", [this] { return Generate(); });
  if (!end.ok()) Fail(end);
}

absl::Status Worker::Generate() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "engine");
  while (true) {
    pulse.Beat();
    {
      absl::MutexLock lock(&mutex_);
      if (stop_) return absl::OkStatus();
    }
    CancelLost();
    RETURN_IF_ERROR(Annotate(MaybeSwap(), "cannot take the learner's weights"));
    AdmitWaiting();
    if (parts_.generator->groups() > 0) {
      Step();
    } else {
      const absl::Time idle = absl::Now();
      StoppedWithin(kIdleWait);
      parts_.metrics->idle_seconds_total.Increment(absl::ToDoubleSeconds(absl::Now() - idle));
    }
  }
}

void Worker::CancelLost() {
  absl::MutexLock lock(&mutex_);
  for (uint64_t id : std::exchange(lost_, {})) {
    parts_.generator->Cancel(id);
    if (held_.erase(id) > 0) parts_.metrics->Ended(metrics::GroupEnd::kExpired);
  }
  UpdateGauges();
}

absl::Status Worker::MaybeSwap() {
  const std::shared_ptr<const weights::Received> newest = parts_.weights->Newest();
  if (newest == nullptr) return absl::OkStatus();
  {
    absl::MutexLock lock(&mutex_);
    if (current_ >= newest->version) return absl::OkStatus();
    // The learner went back to a checkpoint: what it leased before has expired, and its old weights are no line of ours.
    if (current_.has_value() && newest->version.incarnation != current_->incarnation) {
      DropBefore(newest->version.incarnation);
    }
    if (parts_.generator->groups() > 0 && (!options_.continue_on_swap || EvaluationRuns()))
      return absl::OkStatus();
  }
  const absl::Time start = absl::Now();
  RETURN_IF_ERROR(parts_.generator->SwapWeights(newest->version.number, newest->weights));
  parts_.metrics->swap_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
  parts_.metrics->weight_swaps.Increment();
  parts_.metrics->weight_version.Set(static_cast<double>(newest->version.number));
  log::Info("weights", {{"incarnation", newest->version.incarnation}, {"version", newest->version.number}});
  parts_.metrics->progress_timestamp.Set(metrics::UnixSeconds());
  {
    absl::MutexLock lock(&mutex_);
    current_ = newest->version;
    UpdateGauges();
  }
  if (parts_.readiness != nullptr) parts_.readiness->Set(absl::OkStatus());
  return absl::OkStatus();
}

void Worker::DropBefore(uint32_t incarnation) {
  std::erase_if(held_, [&](const auto& entry) {
    const Held& held = entry.second;
    if (held.lease.incarnation() >= incarnation || held.stage == Stage::kSubmitting) return false;
    if (held.stage == Stage::kGenerating) parts_.generator->Cancel(entry.first);
    parts_.metrics->Ended(metrics::GroupEnd::kExpired);
    return true;
  });
  UpdateGauges();
}

bool Worker::EvaluationRuns() const {
  return std::any_of(held_.begin(), held_.end(), [](const auto& entry) {
    return entry.second.stage == Stage::kGenerating && entry.second.lease.kind() == v1::LEASE_KIND_EVALUATION;
  });
}

// Groups that the engine could not begin yet would hold up the next weights, so they wait here.
bool Worker::EngineHasRoom(uint64_t responses) const {
  if (parts_.generator->queued() == 0) return true;
  absl::MutexLock lock(&mutex_);
  uint64_t generating = 0;
  for (const auto& [id, held] : held_) {
    if (held.stage == Stage::kGenerating) generating += held.lease.sampling().group_size();
  }
  return generating + responses <= options_.max_batch;
}

void Worker::AdmitWaiting() {
  std::vector<std::pair<v1::Lease, Admission>> decided;
  {
    absl::MutexLock lock(&mutex_);
    // Newer weights wait for the running groups to end: no group begins under the old ones meanwhile.
    const auto newest = parts_.weights->Newest();
    if (draining_ || !current_.has_value() || current_ < newest->version) return;
    for (const auto& [id, held] : held_) {
      if (held.stage != Stage::kWaiting) continue;
      const Admission admission = Admit(held.lease, current_);
      if (admission != Admission::kWait) decided.emplace_back(held.lease, admission);
    }
  }
  for (const auto& [lease, admission] : decided) {
    if (admission == Admission::kStart) {
      if (EngineHasRoom(lease.sampling().group_size())) Start(lease.lease(), lease);
    } else if (admission == Admission::kDrop) {
      Forget(lease.lease());
      parts_.metrics->Ended(metrics::GroupEnd::kExpired);
    } else {
      GiveBack(lease, "its weight version is gone", /*failed=*/false);
    }
  }
}

bool Worker::Start(uint64_t lease_id, const v1::Lease& lease) {
  auto tokens = parts_.encode(lease.prompt().text());
  absl::Status added = tokens.status();
  if (tokens.ok()) {
    added = parts_.generator->Add({lease_id, lease.group(), *std::move(tokens), lease.sampling()});
  }
  if (!added.ok()) {
    log::Error("a prompt cannot be served", {{"lease", lease_id}, {"error", std::string(added.message())}});
    GiveBack(lease, ToStd(added.message()), /*failed=*/true);
    return false;
  }
  absl::MutexLock lock(&mutex_);
  const auto at = held_.find(lease_id);
  if (at == held_.end()) {  // handed back meanwhile
    parts_.generator->Cancel(lease_id);
    return false;
  }
  at->second.stage = Stage::kGenerating;
  UpdateGauges();
  return true;
}

void Worker::Step() {
  const absl::Time start = absl::Now();
  std::vector<actor::FinishedGroup> ended = parts_.generator->Step();
  parts_.metrics->generate_seconds_total.Increment(absl::ToDoubleSeconds(absl::Now() - start));
  parts_.metrics->progress_timestamp.Set(metrics::UnixSeconds());
  if (ended.empty()) return;
  absl::MutexLock lock(&mutex_);
  for (actor::FinishedGroup& each : ended) {
    const auto at = held_.find(each.id);
    if (at == held_.end()) continue;
    at->second.stage = Stage::kSubmitting;
    generated_.push_back(std::move(each));
  }
  UpdateGauges();
}

// --- Grading and submission -----------------------------------------------------------------------------------------

void Worker::SubmitLoop() {
  Heartbeats::Pulse pulse = BeginPulse(parts_.heartbeats, "submit");
  while (true) {
    pulse.Beat(options_.grade_timeout + kSubmitTime);
    actor::FinishedGroup generated;
    {
      absl::MutexLock lock(&mutex_);
      const auto some = [this]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_ || !generated_.empty(); };
      if (!mutex_.AwaitWithTimeout(absl::Condition(&some), absl::Seconds(10))) continue;
      if (stop_) return;
      generated = std::move(generated_.front());
      generated_.pop_front();
    }
    Submit(std::move(generated));
  }
}

void Worker::Submit(actor::FinishedGroup generated) {
  GeneratedLease lease;
  {
    absl::MutexLock lock(&mutex_);
    const auto at = held_.find(generated.id);
    if (at == held_.end()) return;
    lease = {at->second.lease, at->second.since};
  }
  const SubmitEnd end = submitter_.Submit(lease, std::move(generated));
  if (end.kind == SubmitEnd::Kind::kAnswered) Forget(lease.lease.lease());
  if (end.kind == SubmitEnd::Kind::kGiveBack) GiveBack(lease.lease, end.reason, end.failed);
}

}  // namespace drover::actor_process
