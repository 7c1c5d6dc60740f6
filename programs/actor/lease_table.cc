#include "programs/actor/lease_table.h"

#include <set>
#include <tuple>
#include <utility>

namespace drover::actor_process {
namespace {

constexpr absl::Duration kRunOverWait = absl::Seconds(2);   // for groups in flight when the run is over
constexpr absl::Duration kHandBackWait = absl::Seconds(3);  // for the learner to take leases back at the end

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

absl::Duration RenewalTime(const v1::Lease& lease) { return absl::Seconds(lease.ttl_seconds() / 3); }

bool IsEvaluation(const v1::Lease& lease) { return lease.kind() == v1::LEASE_KIND_EVALUATION; }

}  // namespace

LeaseTable::LeaseTable(LeaseTableOptions options) : options_(std::move(options)) {}

void LeaseTable::Count(const Held& held, int64_t sign) {
  Sum& sum = sums_[static_cast<size_t>(held.state)];
  sum.groups += sign;
  sum.responses += sign * int64_t{held.lease->sampling().group_size()};
  sum.evaluations += IsEvaluation(*held.lease) ? sign : 0;
}

void LeaseTable::Move(Held& held, State state) {
  Count(held, -1);
  held.state = state;
  Count(held, 1);
}

LeaseTable::Held* LeaseTable::Find(uint64_t lease, State state) {
  const auto at = held_.find(lease);
  return at != held_.end() && at->second.state == state ? &at->second : nullptr;
}

std::vector<uint64_t> LeaseTable::In(State state) const {
  std::vector<uint64_t> leases;
  for (const auto& [id, held] : held_) {
    if (held.state == state) leases.push_back(id);
  }
  return leases;
}

std::shared_ptr<const v1::Lease> LeaseTable::Remove(uint64_t lease) {
  const auto at = held_.find(lease);
  Count(at->second, -1);
  if (at->second.state == State::kGenerating) cancels_.push_back(lease);
  std::shared_ptr<const v1::Lease> removed = std::move(at->second.lease);
  held_.erase(at);
  if (held_.empty()) next_renewal_ = absl::InfiniteFuture();
  return removed;
}

void LeaseTable::Expire(uint64_t lease) {
  Remove(lease);
  ends_.push_back(metrics::GroupEnd::kExpired);
}

void LeaseTable::GiveBack(uint64_t lease, std::string_view reason, bool failed) {
  HandBack(Remove(lease), reason, failed);
}

void LeaseTable::HandBack(std::shared_ptr<const v1::Lease> lease, std::string_view reason, bool failed) {
  returns_.push_back({std::move(lease), std::string(reason), failed});
  ends_.push_back(failed ? metrics::GroupEnd::kFailed : metrics::GroupEnd::kReturned);
}

std::vector<metrics::GroupEnd> LeaseTable::TakeEnds() { return std::exchange(ends_, {}); }

// --- Leases ---------------------------------------------------------------------------------------------------------

uint32_t LeaseTable::Room() const {
  if (closed_) return 0;
  int64_t room = int64_t{options_.groups_in_flight} * options_.group_size;
  for (const Sum& sum : sums_) room -= sum.responses;
  return room <= 0 ? 0 : static_cast<uint32_t>((room + options_.group_size - 1) / options_.group_size);
}

void LeaseTable::Take(v1::LeaseGroupsResponse answer, absl::Time now) {
  evaluating_ = answer.has_evaluating() ? std::optional(answer.evaluating()) : std::nullopt;
  if (weights_.kept.has_value() && weights_.kept->number != evaluating_) weights_.kept.reset();
  // They were on their way when this actor began to drain.
  if (draining_ || stopped_) return Decline(std::move(answer), "the actor drains");
  for (v1::Lease& each : *answer.mutable_leases()) {
    const uint64_t id = each.lease();
    const auto lease = std::make_shared<const v1::Lease>(std::move(each));
    const auto [at, is_new] = held_.try_emplace(id, Held{.lease = lease, .since = now, .number = came_});
    if (!is_new) continue;
    ++came_;
    Count(at->second, 1);
    next_renewal_ = std::min(next_renewal_, now + RenewalTime(*lease));
  }
  DropLost();
  if (!answer.finished()) return;
  closed_ = true;
  EndBy(now + std::min(options_.drain_timeout, kRunOverWait));
}

void LeaseTable::Decline(v1::LeaseGroupsResponse answer, std::string_view reason) {
  for (v1::Lease& lease : *answer.mutable_leases()) {
    HandBack(std::make_shared<const v1::Lease>(std::move(lease)), reason, /*failed=*/false);
  }
}

std::vector<v1::RenewLeasesRequest> LeaseTable::Renewals(absl::Time now) {
  if (now < next_renewal_) return {};
  next_renewal_ = absl::InfiniteFuture();
  std::map<uint32_t, v1::RenewLeasesRequest> requests;  // by incarnation
  for (const auto& [id, held] : held_) {
    v1::RenewLeasesRequest& request = requests[held.lease->incarnation()];
    request.set_actor(options_.actor);
    request.set_incarnation(held.lease->incarnation());
    request.add_leases(id);
    request.add_tokens(held.lease->token());
    next_renewal_ = std::min(next_renewal_, now + RenewalTime(*held.lease));
  }
  std::vector<v1::RenewLeasesRequest> taken;
  for (auto& [incarnation, request] : requests) taken.push_back(std::move(request));
  return taken;
}

void LeaseTable::Renewed(const v1::RenewLeasesRequest& request, const v1::RenewLeasesResponse& answer) {
  const std::set<uint64_t> kept(answer.held().begin(), answer.held().end());
  for (const uint64_t id : request.leases()) {
    if (kept.count(id) > 0) continue;
    if (Find(id, State::kWaiting) != nullptr || Find(id, State::kGenerating) != nullptr) Expire(id);
  }
}

std::vector<v1::ReturnLeasesRequest> LeaseTable::TakeReturns() {
  std::map<std::tuple<uint32_t, std::string, bool>, v1::ReturnLeasesRequest> requests;
  for (const Return& each : returns_) {
    v1::ReturnLeasesRequest& request = requests[{each.lease->incarnation(), each.reason, each.failed}];
    request.set_actor(options_.actor);
    request.set_incarnation(each.lease->incarnation());
    request.set_reason(each.reason);
    request.set_failed(each.failed);
    request.add_leases(each.lease->lease());
    request.add_tokens(each.lease->token());
  }
  returns_.clear();
  std::vector<v1::ReturnLeasesRequest> taken;
  for (auto& [key, request] : requests) taken.push_back(std::move(request));
  return taken;
}

// --- The engine -----------------------------------------------------------------------------------------------------

LeaseTable::Task LeaseTable::NextTask(const EngineLoad& load) const {
  if (stopped_) return Task::kEnd;
  if (!cancels_.empty()) return Task::kCancel;
  const std::optional<model::WeightVersion> wanted = Wanted();
  if (wanted != weights_.engine && MaySwap(load, *wanted)) return Task::kSwap;
  if (NextToStart(load).has_value()) return Task::kStart;
  return load.groups > 0 ? Task::kStep : Task::kWait;
}

std::optional<model::WeightVersion> LeaseTable::Wanted() const {
  std::optional<model::WeightVersion> others;  // that a waiting lease needs
  bool some_for_these = false, their_turn = false, others_waited = false;
  for (const auto& [id, held] : held_) {
    if (held.state != State::kWaiting || Admit(*held.lease, weights_) != Admission::kStart) continue;
    const model::WeightVersion weights = WeightsFor(*held.lease, weights_);
    if (weights == weights_.engine) {
      some_for_these = true;
      their_turn = their_turn || held.number < turn_;
    } else {
      if (!others.has_value()) others = weights;
      others_waited = others_waited || held.number < turn_;
    }
  }
  if (their_turn || (some_for_these && !others_waited)) return weights_.engine;
  return others.has_value() ? others : weights_.newest;
}

void LeaseTable::Swapped(const model::WeightVersion& weights) {
  weights_.engine = weights;
  turn_ = came_;
}

bool LeaseTable::MaySwap(const EngineLoad& load, const model::WeightVersion& wanted) const {
  if (load.groups == 0) return true;
  return options_.continue_on_swap && wanted == weights_.newest && of(State::kGenerating).evaluations == 0;
}

bool LeaseTable::HasRoom(const v1::Lease& lease, const EngineLoad& load) const {
  if (load.queued == 0) return true;
  return of(State::kGenerating).responses + int64_t{lease.sampling().group_size()} <= options_.max_batch;
}

std::optional<uint64_t> LeaseTable::NextToStart(const EngineLoad& load) const {
  if (of(State::kWaiting).groups == 0 || Wanted() != weights_.engine) return std::nullopt;
  for (const auto& [id, held] : held_) {
    if (held.state == State::kWaiting && HasRoom(*held.lease, load) &&
        Admit(*held.lease, weights_) == Admission::kStart &&
        WeightsFor(*held.lease, weights_) == weights_.engine) {
      return id;
    }
  }
  return std::nullopt;
}

std::vector<uint64_t> LeaseTable::TakeCancels() { return std::exchange(cancels_, {}); }

std::shared_ptr<const v1::Lease> LeaseTable::Start(const EngineLoad& load) {
  const std::optional<uint64_t> next = NextToStart(load);
  if (!next.has_value()) return nullptr;
  Held& held = held_.at(*next);
  if (held.number >= turn_) turn_ = came_;
  Move(held, State::kGenerating);
  return held.lease;
}

void LeaseTable::Refuse(uint64_t lease, std::string_view reason) {
  Held* const held = Find(lease, State::kGenerating);
  if (held == nullptr) return;
  Move(*held, State::kSubmitting);  // the engine does not have it
  GiveBack(lease, reason, /*failed=*/true);
}

void LeaseTable::Finish(actor::FinishedGroup group) {
  if (!group.status.ok()) {
    const absl::string_view why = group.status.message();
    return Refuse(group.id, {why.data(), why.size()});
  }
  Held* const held = Find(group.id, State::kGenerating);
  if (held == nullptr) return;
  Move(*held, State::kSubmitting);
  submissions_.push_back(std::move(group));
}

void LeaseTable::NoteWeights(const model::WeightVersion& newest) {
  std::optional<model::WeightVersion>& before = weights_.newest;
  if (before.has_value() && newest <= *before) return;
  if (before.has_value() && before->number == evaluating_) weights_.kept = before;
  if (weights_.kept.has_value() && weights_.kept->incarnation < newest.incarnation) weights_.kept.reset();
  before = newest;
  DropLost();
  // The learner went back to a checkpoint: what it leased before has expired, and its old weights are no line of ours.
  for (const uint64_t id : In(State::kGenerating)) {
    if (held_.at(id).lease->incarnation() < newest.incarnation) Expire(id);
  }
}

void LeaseTable::DropLost() {
  for (const uint64_t id : In(State::kWaiting)) {
    if (Admit(*held_.at(id).lease, weights_) == Admission::kDrop) Expire(id);
  }
}

std::optional<model::WeightVersion> LeaseTable::Missing() const {
  for (const auto& [id, held] : held_) {
    if (held.state == State::kWaiting && Admit(*held.lease, weights_) == Admission::kFetch) {
      return WeightsFor(*held.lease, weights_);
    }
  }
  return std::nullopt;
}

void LeaseTable::NoteFetched(const model::WeightVersion& version) {
  if (Missing() == version) weights_.kept = version;
}

void LeaseTable::CannotFetch(const model::WeightVersion& version, std::string_view reason) {
  for (const uint64_t id : In(State::kWaiting)) {
    const v1::Lease& lease = *held_.at(id).lease;
    if (Admit(lease, weights_) != Admission::kFetch || WeightsFor(lease, weights_) != version) continue;
    GiveBack(id, reason, /*failed=*/false);
  }
}

// --- Submissions and the end ----------------------------------------------------------------------------------------

Submission LeaseTable::TakeSubmission() {
  Submission submission;
  submission.group = std::move(submissions_.front());
  submissions_.pop_front();
  const Held& held = held_.at(submission.group.id);
  submission.lease = held.lease;
  submission.since = held.since;
  return submission;
}

void LeaseTable::Submitted(uint64_t lease, const SubmissionEnd& end) {
  if (Find(lease, State::kSubmitting) == nullptr) return;
  if (!end.answer.has_value()) return GiveBack(lease, end.reason, end.failed);
  Remove(lease);
  ends_.push_back(EndOf(*end.answer));
}

void LeaseTable::Drain(absl::Time now) {
  if (draining_) return;
  draining_ = closed_ = true;
  EndBy(now + options_.drain_timeout - HandBackTime());
  for (const uint64_t id : In(State::kWaiting)) GiveBack(id, "the actor drains", /*failed=*/false);
}

void LeaseTable::Stop() {
  stopped_ = closed_ = true;
  submissions_.clear();
  while (!held_.empty()) GiveBack(held_.begin()->first, "the actor stops", /*failed=*/false);
}

absl::Duration LeaseTable::HandBackTime() const {
  return std::min(kHandBackWait, options_.drain_timeout / 4);
}

}  // namespace drover::actor_process
