#include "services/actor/worker.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kIdleWait = absl::Milliseconds(20);     // how soon new weights are seen while idle
constexpr absl::Duration kErrorPause = absl::Milliseconds(500);  // after a call whose own retries gave up
constexpr absl::Duration kEmptyPause = absl::Milliseconds(50);   // after an empty answer that did not wait
constexpr absl::Duration kRunOverWait = absl::Seconds(2);        // for groups in flight when the run is over
constexpr absl::Duration kGiveBackWait = absl::Seconds(3);  // for the learner to take leases back at the end

v1::GradeRequest MakeGradeRequest(uint64_t id, const v1::Lease& lease, const v1::Response& response) {
  v1::GradeRequest request;
  request.set_id(id);
  *request.mutable_gold() = lease.prompt().gold();
  request.set_response(response.text());
  request.set_format(lease.reward_format());
  request.set_grader(lease.grader());
  request.set_truncated(response.finish_reason() == v1::FINISH_REASON_LENGTH);
  return request;
}

metrics::GroupEnd EndOf(v1::SubmitOutcome outcome) {
  switch (outcome) {
    case v1::SUBMIT_OUTCOME_ACCEPTED:
      return metrics::GroupEnd::kAccepted;
    case v1::SUBMIT_OUTCOME_ALREADY_HAVE:
      return metrics::GroupEnd::kAlreadyHave;
    case v1::SUBMIT_OUTCOME_FILTERED:
      return metrics::GroupEnd::kFiltered;
    case v1::SUBMIT_OUTCOME_STALE:
      return metrics::GroupEnd::kStale;
    default:
      return metrics::GroupEnd::kExpired;
  }
}

}  // namespace

absl::Status WorkerOptions::Validate() const {
  if (name.empty()) return absl::InvalidArgumentError("an actor needs a name");
  if (groups_in_flight == 0 || group_size == 0) {
    return absl::InvalidArgumentError("groups_in_flight and group_size must be at least 1");
  }
  if (submitters < 1) return absl::InvalidArgumentError("submitters must be at least 1");
  return absl::OkStatus();
}

Worker::Worker(const WorkerOptions& options, const WorkerParts& parts) : options_(options), parts_(parts) {}
Worker::~Worker() = default;

bool Worker::ready() const {
  absl::MutexLock lock(&mutex_);
  return current_.has_value() && !draining_;
}

absl::Time Worker::last_progress() const { return absl::FromUnixNanos(last_progress_nanos_.load()); }

void Worker::Drain() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
  no_more_leases_ = true;
}

absl::Status Worker::Run() {
  std::vector<std::thread> threads;
  threads.emplace_back([this] { LeaseLoop(); });
  threads.emplace_back([this] { EngineLoop(); });
  threads.emplace_back([this] { RenewLoop(); });
  for (int i = 0; i < options_.submitters; ++i) threads.emplace_back([this] { SubmitLoop(); });
  {
    absl::MutexLock lock(&mutex_);
    const auto over = [this]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return no_more_leases_ || !failure_.ok(); };
    mutex_.Await(absl::Condition(&over));
    const auto empty = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return Idle() || !failure_.ok(); };
    // Once the run is over nobody needs what is still in flight, and the learner goes.
    const absl::Duration wait =
        draining_ ? options_.drain_timeout : std::min(options_.drain_timeout, kRunOverWait);
    mutex_.AwaitWithTimeout(absl::Condition(&empty), wait);
  }
  GiveBackAll("the actor stops");
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

// --- Leases ---------------------------------------------------------------------------------------------------------

uint64_t Worker::ResponsesHeld() const {
  uint64_t responses = 0;
  for (const auto& [id, held] : held_) responses += held.lease.sampling().group_size();
  return responses;
}

bool Worker::Idle() const { return held_.empty() && generated_.empty(); }

void Worker::LeaseLoop() {
  const uint64_t most = uint64_t{options_.groups_in_flight} * options_.group_size;
  bool away = false;  // said that the learner does not answer
  while (true) {
    uint64_t room = 0;
    {
      absl::MutexLock lock(&mutex_);
      const auto wanted = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return no_more_leases_ || stop_ || ResponsesHeld() < most;
      };
      mutex_.Await(absl::Condition(&wanted));
      if (no_more_leases_ || stop_) return;
      room = most - ResponsesHeld();
    }
    v1::LeaseGroupsRequest request;
    request.set_actor(options_.name);
    request.set_max_leases(static_cast<uint32_t>((room + options_.group_size - 1) / options_.group_size));
    request.set_wait_seconds(absl::ToDoubleSeconds(options_.lease_wait));
    const absl::Time asked = absl::Now();
    const auto answer = parts_.leases->LeaseGroups(request);
    if (!answer.ok()) {
      parts_.metrics->errors.Count(answer.status());
      if (StoppedWithin(absl::ZeroDuration())) return;
      if (!away) {
        log::Warning("no leases from the learner", {{"error", std::string(answer.status().message())}});
      }
      away = true;
      if (StoppedWithin(kErrorPause)) return;
      continue;
    }
    if (away) log::Info("the learner answers again");
    away = false;
    TakeLeases(*answer);
    if (answer->leases().empty() && absl::Now() - asked < kEmptyPause) absl::SleepFor(kEmptyPause);
  }
}

bool Worker::StoppedWithin(absl::Duration pause) {
  absl::MutexLock lock(&mutex_);
  const auto stopped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_; };
  return mutex_.AwaitWithTimeout(absl::Condition(&stopped), pause);
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
  while (true) {
    v1::RenewLeasesRequest request;
    request.set_actor(options_.name);
    {
      absl::MutexLock lock(&mutex_);
      double ttl = 3;
      for (const auto& [id, held] : held_) ttl = held.lease.ttl_seconds();
      const auto stopped = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_; };
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopped), absl::Seconds(ttl / 3))) return;
      for (const auto& [id, held] : held_) {
        request.add_leases(id);
        request.set_incarnation(held.lease.incarnation());
      }
    }
    if (request.leases_size() == 0) continue;
    const auto answer = parts_.leases->RenewLeases(request);
    if (!answer.ok()) continue;  // the client has tried again for long; the next round asks anew
    const std::set<uint64_t> kept(answer->held().begin(), answer->held().end());
    absl::MutexLock lock(&mutex_);
    for (uint64_t id : request.leases()) {
      const auto at = held_.find(id);
      if (kept.count(id) > 0 || at == held_.end() || at->second.stage == Stage::kSubmitting) continue;
      lost_.push_back(id);
    }
  }
}

void Worker::GiveBack(const v1::Lease& lease, std::string_view reason, bool failed) {
  v1::ReturnLeasesRequest request;
  request.set_actor(options_.name);
  request.add_leases(lease.lease());
  request.set_incarnation(lease.incarnation());
  request.set_reason(std::string(reason));
  request.set_failed(failed);
  Forget(lease.lease());
  parts_.metrics->Ended(failed ? metrics::GroupEnd::kFailed : metrics::GroupEnd::kReturned);
  if (const absl::Status returned = parts_.leases->ReturnLeases(request); !returned.ok()) {
    log::Warning("could not hand a lease back; it will expire", {{"lease", lease.lease()}});
  }
}

void Worker::GiveBackAll(std::string_view reason) {
  std::map<uint32_t, v1::ReturnLeasesRequest> requests;  // by incarnation
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [id, held] : held_) {
      requests[held.lease.incarnation()].add_leases(id);
      parts_.metrics->Ended(metrics::GroupEnd::kReturned);
    }
    held_.clear();
    UpdateGauges();
  }
  if (requests.empty()) return;
  absl::Notification returned;
  std::thread guard([&] {
    // The learner may be away, and its client would try for long.
    if (!returned.WaitForNotificationWithTimeout(kGiveBackWait)) parts_.leases->Cancel();
  });
  for (auto& [incarnation, request] : requests) {
    request.set_actor(options_.name);
    request.set_incarnation(incarnation);
    request.set_reason(std::string(reason));
    if (const absl::Status status = parts_.leases->ReturnLeases(request); !status.ok()) {
      log::Warning("could not hand leases back; they will expire", {{"leases", request.leases_size()}});
    }
  }
  returned.Notify();
  guard.join();
}

void Worker::Forget(uint64_t lease_id) {
  absl::MutexLock lock(&mutex_);
  held_.erase(lease_id);
  UpdateGauges();
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
}

// --- Generation -----------------------------------------------------------------------------------------------------

void Worker::EngineLoop() {
  while (true) {
    last_progress_nanos_ = absl::ToUnixNanos(absl::Now());
    {
      absl::MutexLock lock(&mutex_);
      if (stop_) return;
    }
    CancelLost();
    if (absl::Status swapped = MaybeSwap(); !swapped.ok()) {
      absl::MutexLock lock(&mutex_);
      failure_ = Annotate(swapped, "cannot take the learner's weights");
      return;
    }
    AdmitWaiting();
    if (parts_.generator->groups() > 0) {
      Step();
    } else {
      StoppedWithin(kIdleWait);
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
    if (current_.has_value() && !newest->NewerThan(current_->incarnation, current_->version))
      return absl::OkStatus();
    // The learner went back to a checkpoint: what it leased before has expired, and its old weights are no line of ours.
    if (current_.has_value() && newest->incarnation != current_->incarnation) {
      DropBefore(newest->incarnation);
    }
    if (parts_.generator->groups() > 0 && (!options_.continue_on_swap || EvaluationRuns()))
      return absl::OkStatus();
  }
  const absl::Time start = absl::Now();
  RETURN_IF_ERROR(parts_.generator->SwapWeights(newest->version, newest->weights));
  parts_.metrics->swap_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
  parts_.metrics->weight_swaps.Increment();
  parts_.metrics->weight_version.Set(static_cast<double>(newest->version));
  log::Info("weights", {{"incarnation", newest->incarnation}, {"version", newest->version}});
  absl::MutexLock lock(&mutex_);
  current_ = CurrentWeights{newest->incarnation, newest->version};
  UpdateGauges();
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
    if (!current_.has_value() || newest->NewerThan(current_->incarnation, current_->version)) return;
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
    added = parts_.generator->Add({lease_id, lease.group(), *tokens, lease.sampling()});
  }
  if (!added.ok()) {
    log::Error("a prompt cannot be served", {{"lease", lease_id}, {"error", std::string(added.message())}});
    GiveBack(lease, ToStd(added.message()), /*failed=*/true);
    return false;
  }
  absl::MutexLock lock(&mutex_);
  Held& held = held_[lease_id];
  held.stage = Stage::kGenerating;
  held.prompt_token_ids = *std::move(tokens);
  UpdateGauges();
  return true;
}

void Worker::Step() {
  const absl::Time start = absl::Now();
  std::vector<Generated> ended = parts_.generator->Step();
  parts_.metrics->generate_seconds_total.Increment(absl::ToDoubleSeconds(absl::Now() - start));
  if (ended.empty()) return;
  absl::MutexLock lock(&mutex_);
  for (Generated& each : ended) {
    const auto at = held_.find(each.id);
    if (at == held_.end()) continue;
    at->second.stage = Stage::kSubmitting;
    generated_.push_back(std::move(each));
  }
  UpdateGauges();
}

// --- Grading and submission -----------------------------------------------------------------------------------------

void Worker::SubmitLoop() {
  while (true) {
    Generated generated;
    {
      absl::MutexLock lock(&mutex_);
      const auto some = [this]()
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stop_ || !generated_.empty(); };
      mutex_.Await(absl::Condition(&some));
      if (stop_) return;
      generated = std::move(generated_.front());
      generated_.pop_front();
    }
    Submit(std::move(generated));
  }
}

absl::StatusOr<v1::Group> Worker::GradeGroup(const Held& held, std::vector<v1::Response> responses) {
  std::vector<v1::GradeRequest> requests;
  for (const v1::Response& response : responses) {
    requests.push_back(MakeGradeRequest(requests.size(), held.lease, response));
  }
  ASSIGN_OR_RETURN(const auto results, parts_.grader->Grade(requests, absl::Now() + options_.grade_timeout));
  v1::Group group;
  group.set_lease(held.lease.lease());
  group.set_group(held.lease.group());
  group.set_incarnation(held.lease.incarnation());
  *group.mutable_prompt() = held.lease.prompt();
  group.mutable_prompt_token_ids()->Assign(held.prompt_token_ids.begin(), held.prompt_token_ids.end());
  group.set_actor(options_.name);
  group.set_trace_id(held.lease.trace_id());
  for (size_t i = 0; i < responses.size(); ++i) {
    v1::Response& response = *group.add_responses();
    response = std::move(responses[i]);
    response.set_reward(results[i].reward());
    response.set_formatted(results[i].formatted());
    response.set_extracted(results[i].extracted());
    response.set_reason(results[i].reason());
  }
  return group;
}

void Worker::Submit(Generated generated) {
  Held held;
  {
    absl::MutexLock lock(&mutex_);
    const auto at = held_.find(generated.id);
    if (at == held_.end()) return;
    held = at->second;
  }
  if (!generated.status.ok()) return GiveBack(held.lease, ToStd(generated.status.message()), /*failed=*/true);
  for (const v1::Response& response : generated.responses) {
    parts_.metrics->responses.Increment();
    parts_.metrics->generated_tokens.Increment(response.token_ids_size());
    parts_.metrics->response_tokens.Observe(response.token_ids_size());
    if (response.finish_reason() == v1::FINISH_REASON_LENGTH) parts_.metrics->truncated_responses.Increment();
  }
  absl::StatusOr<v1::Group> group = GradeGroup(held, std::move(generated.responses));
  if (!group.ok()) {
    if (absl::IsCancelled(group.status())) return;
    log::Error("a group could not be graded",
               {{"lease", generated.id}, {"error", std::string(group.status().message())}});
    return GiveBack(held.lease, absl::StrCat("not graded: ", group.status().message()), /*failed=*/true);
  }
  v1::SubmitGroupRequest request;
  *request.mutable_group() = *std::move(group);
  request.set_kind(held.lease.kind());
  const absl::Time start = absl::Now();
  const auto answer = parts_.leases->SubmitGroup(request);
  parts_.metrics->submit_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
  if (!answer.ok()) {
    if (absl::IsCancelled(answer.status())) return;
    parts_.metrics->errors.Count(answer.status());
    log::Error("the learner refused a group",
               {{"lease", generated.id}, {"error", std::string(answer.status().message())}});
    return GiveBack(held.lease, absl::StrCat("refused: ", answer.status().message()), /*failed=*/true);
  }
  parts_.metrics->Ended(EndOf(answer->outcome()));
  parts_.metrics->group_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - held.since));
  Forget(generated.id);
}

}  // namespace drover::actor_process
