#include "services/experience/ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::experience {
namespace {

template <typename... Args>
absl::Status Illegal(const Args&... args) {
  return absl::FailedPreconditionError(absl::StrCat(args...));
}

}  // namespace

v1::LeaseOutcome OutcomeOf(LeaseState state) {
  switch (state) {
    case LeaseState::kHeld:
    case LeaseState::kAccepted:
      return v1::LEASE_OUTCOME_PENDING;
    case LeaseState::kTrained:
      return v1::LEASE_OUTCOME_TRAINED;
    case LeaseState::kFiltered:
      return v1::LEASE_OUTCOME_FILTERED;
    case LeaseState::kExpired:
      return v1::LEASE_OUTCOME_EXPIRED;
    case LeaseState::kStale:
      return v1::LEASE_OUTCOME_STALE;
    case LeaseState::kFailed:
      return v1::LEASE_OUTCOME_FAILED;
  }
  return v1::LEASE_OUTCOME_UNSPECIFIED;
}

std::string OutcomeName(v1::LeaseOutcome outcome) {
  constexpr size_t kPrefix = sizeof("LEASE_OUTCOME_") - 1;
  return absl::AsciiStrToLower(v1::LeaseOutcome_Name(outcome).substr(kPrefix));
}

absl::Status Ledger::Apply(const v1::JournalEvent& event) {
  if (incarnation_ == 0 && !event.has_incarnation_started()) {
    return Illegal("an event before the first incarnation started");
  }
  switch (event.event_case()) {
    case v1::JournalEvent::kIncarnationStarted:
      return ApplyStart(event.incarnation_started());
    case v1::JournalEvent::kLeaseIssued:
      return ApplyIssued(event.lease_issued());
    case v1::JournalEvent::kGroupAccepted:
      return ApplyAccepted(event.group_accepted());
    case v1::JournalEvent::kLeaseClosed:
      return ApplyClosed(event.lease_closed());
    case v1::JournalEvent::kRolloutTrained:
      return ApplyTrained(event.rollout_trained());
    case v1::JournalEvent::kCheckpointDurable:
      return ApplyDurable(event.checkpoint_durable());
    case v1::JournalEvent::EVENT_NOT_SET:
      break;
  }
  return Illegal("an event of a kind that this release does not know; use the one that wrote the run");
}

absl::Status Ledger::ApplyStart(const v1::IncarnationStarted& event) {
  if (event.incarnation() != incarnation_ + 1) {
    return Illegal("incarnation ", event.incarnation(), " started after incarnation ", incarnation_);
  }
  if (event.version() > version_) {
    return Illegal("cannot start from version ", event.version(), ": the journal's newest is ", version_);
  }
  if (durable_version_ && event.version() < *durable_version_) {
    return Illegal("cannot go back to version ", event.version(), ": the groups up to version ",
                   *durable_version_, " were covered by its checkpoint and are gone");
  }
  incarnation_ = event.incarnation();
  first_leases_[next_lease()] = incarnation_;
  for (uint64_t lease : Held()) Close(lease, LeaseState::kExpired);
  for (uint64_t r = event.version(); r < version_; ++r) {
    Rollout& undone = rollouts_[r];
    for (const auto& [group, lease] : undone.live) Move(lease, LeaseState::kAccepted);
    undone.accepted = undone.live.size();
    undone.last_optimizer_step = 0;
  }
  version_ = event.version();
  for (uint64_t lease : std::exchange(unfit_, {})) RETURN_IF_ERROR(ApplyUnfit(lease, LeaseState::kFailed));
  return absl::OkStatus();
}

absl::Status Ledger::ApplyIssued(const v1::LeaseIssued& event) {
  if (event.lease() != next_lease()) {
    return Illegal("lease ", event.lease(), " issued where ", next_lease(), " comes next");
  }
  const auto found = rollouts_.find(event.rollout());
  const bool again = found != rollouts_.end() && found->second.vacant.count(event.group()) > 0;
  if (!again && event.group() != next_group_) {
    return Illegal("lease ", event.lease(), " is for group ", event.group(), " of rollout ", event.rollout(),
                   ", which does not wait for one; the next new group is ", next_group_);
  }
  if (event.rollout() < version_) {
    return Illegal("lease ", event.lease(), " is for rollout ", event.rollout(), ", which is trained");
  }
  Rollout& rollout = rollouts_[event.rollout()];
  if (again) {
    rollout.vacant.erase(event.group());
  } else {
    ++next_group_;
  }
  rollout.live[event.group()] = event.lease();
  Lease& lease = open_[event.lease()];
  lease.group = event.group();
  lease.rollout = event.rollout();
  lease.min_version = event.min_version();
  states_.push_back(LeaseState::kHeld);
  ++counts_[static_cast<size_t>(LeaseState::kHeld)];
  held_.insert(event.lease());
  return absl::OkStatus();
}

absl::Status Ledger::ApplyAccepted(const v1::GroupAccepted& event) {
  RETURN_IF_ERROR(CheckHeld(event.lease()));
  Lease& lease = open_.at(event.lease());
  if (event.oldest_version() < lease.min_version || event.newest_version() < event.oldest_version()) {
    return Illegal("lease ", event.lease(), " accepted with versions ", event.oldest_version(), " to ",
                   event.newest_version(), "; its oldest may be ", lease.min_version);
  }
  lease.segment = event.segment();
  lease.offset = event.offset();
  lease.digest = event.digest();
  lease.oldest_version = event.oldest_version();
  last_segment_ = std::max(last_segment_, event.segment());
  ++rollouts_.at(lease.rollout).accepted;
  Move(event.lease(), LeaseState::kAccepted);
  return absl::OkStatus();
}

absl::Status Ledger::ApplyClosed(const v1::LeaseClosed& event) {
  LeaseState to;
  switch (event.outcome()) {
    case v1::LEASE_OUTCOME_FILTERED:
      to = LeaseState::kFiltered;
      break;
    case v1::LEASE_OUTCOME_EXPIRED:
      to = LeaseState::kExpired;
      break;
    case v1::LEASE_OUTCOME_STALE:
      to = LeaseState::kStale;
      break;
    case v1::LEASE_OUTCOME_FAILED:
      to = LeaseState::kFailed;
      break;
    default:
      return Illegal("lease ", event.lease(), " closed as outcome ", static_cast<int>(event.outcome()));
  }
  const std::optional<LeaseState> state = StateOf(event.lease());
  const bool had = state == LeaseState::kAccepted || state == LeaseState::kTrained;
  if (had && (to == LeaseState::kFailed || to == LeaseState::kStale)) return ApplyUnfit(event.lease(), to);
  RETURN_IF_ERROR(CheckHeld(event.lease()));
  Close(event.lease(), to);
  return absl::OkStatus();
}

absl::Status Ledger::ApplyUnfit(uint64_t lease, LeaseState to) {
  if (StateOf(lease) == LeaseState::kAccepted) {
    --rollouts_.at(open_.at(lease).rollout).accepted;
    Close(lease, to);
    return absl::OkStatus();
  }
  if (to != LeaseState::kFailed) return Illegal("lease ", lease, " is trained: it is stale no more");
  if (open_.count(lease) == 0) {
    return Illegal("lease ", lease, " is trained, and a durable checkpoint covers it");
  }
  unfit_.insert(lease);
  return absl::OkStatus();
}

absl::Status Ledger::ApplyTrained(const v1::RolloutTrained& event) {
  if (event.rollout() != version_ || event.version() != version_ + 1) {
    return Illegal("rollout ", event.rollout(), " trained to version ", event.version(), " where rollout ",
                   version_, " comes next");
  }
  const auto found = rollouts_.find(version_);
  if (found == rollouts_.end() || !found->second.AllAccepted()) {
    return Illegal("rollout ", event.rollout(), " trained before all its groups were accepted");
  }
  Rollout& rollout = found->second;
  const auto same = [](const auto& live, uint64_t lease) { return live.second == lease; };
  if (!std::equal(rollout.live.begin(), rollout.live.end(), event.leases().begin(), event.leases().end(),
                  same)) {
    return Illegal("rollout ", event.rollout(),
                   " trained with other leases than were accepted, or in another order");
  }
  if (event.first_optimizer_step() <= last_optimizer_step() ||
      event.last_optimizer_step() + 1 < event.first_optimizer_step()) {
    return Illegal("rollout ", event.rollout(), " trained in optimizer steps ", event.first_optimizer_step(),
                   " to ", event.last_optimizer_step(), " after step ", last_optimizer_step());
  }
  for (uint64_t lease : event.leases()) Move(lease, LeaseState::kTrained);
  rollout.last_optimizer_step = event.last_optimizer_step();
  version_ = event.version();
  return absl::OkStatus();
}

absl::Status Ledger::ApplyDurable(const v1::CheckpointDurable& event) {
  if (event.version() > version_ || event.version() < durable_version_.value_or(0)) {
    return Illegal("checkpoint of version ", event.version(), " where the trained version is ", version_,
                   " and the durable one ", durable_version_.value_or(0));
  }
  if (event.version() > 0) {
    if (const auto last = rollouts_.find(event.version() - 1); last != rollouts_.end()) {
      durable_optimizer_step_ = last->second.last_optimizer_step;
    }
  }
  durable_version_ = event.version();
  const auto end = rollouts_.lower_bound(event.version());
  for (auto it = rollouts_.begin(); it != end; it = rollouts_.erase(it)) {
    for (const auto& [group, lease] : it->second.live) {
      open_.erase(lease);
      unfit_.erase(lease);
    }
  }
  return absl::OkStatus();
}

void Ledger::Move(uint64_t lease, LeaseState to) {
  LeaseState& state = states_[lease - 1];
  --counts_[static_cast<size_t>(state)];
  ++counts_[static_cast<size_t>(to)];
  if (state == LeaseState::kHeld) held_.erase(lease);
  state = to;
}

void Ledger::Close(uint64_t lease, LeaseState to) {
  const auto found = open_.find(lease);
  Rollout& rollout = rollouts_.at(found->second.rollout);
  rollout.live.erase(found->second.group);
  if (to == LeaseState::kFiltered) {
    ++rollout.filtered;
  } else {
    rollout.vacant.insert(found->second.group);
  }
  open_.erase(found);
  Move(lease, to);
}

absl::Status Ledger::CheckHeld(uint64_t lease) const {
  const std::optional<LeaseState> state = StateOf(lease);
  if (!state) return Illegal("lease ", lease, " was never issued");
  if (*state != LeaseState::kHeld) {
    return Illegal("lease ", lease, " is not held any more: ", OutcomeName(OutcomeOf(*state)));
  }
  return absl::OkStatus();
}

uint64_t Ledger::last_optimizer_step() const {
  if (version_ == 0) return 0;
  const auto last = rollouts_.find(version_ - 1);
  return last != rollouts_.end() ? last->second.last_optimizer_step : durable_optimizer_step_;
}

v1::LeaseCounts Ledger::Counts() const {
  const auto count = [this](LeaseState state) { return counts_[static_cast<size_t>(state)]; };
  v1::LeaseCounts sums;
  sums.set_leased(states_.size());
  sums.set_trained(count(LeaseState::kTrained));
  sums.set_pending(count(LeaseState::kHeld) + count(LeaseState::kAccepted));
  sums.set_filtered(count(LeaseState::kFiltered));
  sums.set_expired(count(LeaseState::kExpired));
  sums.set_stale(count(LeaseState::kStale));
  sums.set_failed(count(LeaseState::kFailed));
  return sums;
}

std::optional<LeaseState> Ledger::StateOf(uint64_t lease) const {
  if (lease == 0 || lease > states_.size()) return std::nullopt;
  return states_[lease - 1];
}

uint32_t Ledger::IncarnationOf(uint64_t lease) const {
  if (lease == 0 || lease > states_.size()) return 0;
  return std::prev(first_leases_.upper_bound(lease))->second;
}

std::vector<uint64_t> Ledger::Held() const { return {held_.begin(), held_.end()}; }

std::optional<Issue> Ledger::HeldLease(uint64_t lease) const {
  if (held_.count(lease) == 0) return std::nullopt;
  const Lease& open = open_.at(lease);
  return Issue{open.group, open.rollout, open.min_version};
}

std::optional<Issue> Ledger::NextIssue(uint64_t published,
                                       const std::function<bool(uint64_t)>& may_issue) const {
  const uint64_t end = std::min(options_.steps, published + options_.staleness_bound + 1);
  for (uint64_t r = version_; r < end; ++r) {
    const auto found = rollouts_.find(r);
    if (found == rollouts_.end()) return Issue{next_group_, r, min_version(r)};
    const Rollout& rollout = found->second;
    for (uint64_t group : rollout.vacant) {
      if (may_issue(group)) return Issue{group, r, min_version(r)};
    }
    if (rollout.live.size() + rollout.vacant.size() < options_.prompts_per_rollout) {
      return Issue{next_group_, r, min_version(r)};
    }
  }
  return std::nullopt;
}

bool Ledger::Ready() const {
  const auto found = rollouts_.find(version_);
  return found != rollouts_.end() && found->second.AllAccepted() &&
         found->second.accepted >= options_.prompts_per_rollout;
}

std::vector<StoredGroup> Ledger::AcceptedGroups() const {
  std::vector<StoredGroup> groups;
  const auto found = rollouts_.find(version_);
  if (found == rollouts_.end()) return groups;
  for (const auto& [group, id] : found->second.live) {
    if (StateOf(id) != LeaseState::kAccepted) continue;
    const Lease& lease = open_.at(id);
    groups.push_back({id, group, lease.segment, lease.offset, lease.digest, lease.oldest_version});
  }
  return groups;
}

uint64_t Ledger::AcceptedCount() const {
  const auto found = rollouts_.find(version_);
  return found == rollouts_.end() ? 0 : found->second.accepted;
}

std::vector<StoredGroup> Ledger::NeededGroups() const {
  std::vector<StoredGroup> groups;
  for (const auto& [id, lease] : open_) {
    if (held_.count(id) > 0) continue;
    groups.push_back({id, lease.group, lease.segment, lease.offset, lease.digest, lease.oldest_version});
  }
  std::sort(groups.begin(), groups.end(),
            [](const StoredGroup& a, const StoredGroup& b) { return a.lease < b.lease; });
  return groups;
}

uint64_t Ledger::FilteredCount(uint64_t rollout) const {
  const auto found = rollouts_.find(rollout);
  return found == rollouts_.end() ? 0 : found->second.filtered;
}

std::vector<uint64_t> Ledger::AcceptedOverBound() const {
  std::vector<uint64_t> leases;
  for (const auto& [id, lease] : open_) {
    if (StateOf(id) != LeaseState::kAccepted) continue;
    if (lease.oldest_version < min_version(lease.rollout)) leases.push_back(id);
  }
  std::sort(leases.begin(), leases.end());
  return leases;
}

std::vector<uint64_t> Ledger::AcceptedAfter(uint64_t version) const {
  std::vector<uint64_t> leases;
  for (const auto& [id, lease] : open_) {
    if (StateOf(id) == LeaseState::kAccepted && lease.oldest_version > version) leases.push_back(id);
  }
  std::sort(leases.begin(), leases.end());
  return leases;
}

std::optional<uint32_t> Ledger::FirstNeededSegment() const {
  std::optional<uint32_t> first;
  for (const auto& [id, lease] : open_) {
    if (lease.segment != 0 && (!first || lease.segment < *first)) first = lease.segment;
  }
  return first;
}

}  // namespace drover::experience
