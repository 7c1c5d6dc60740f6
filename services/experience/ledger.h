// What became of every lease: a pure state machine over the journal's events. It knows no clock, thread, file or socket.
//
//   event ──▶ Apply ──▶ state ──▶ queries ──▶ the store decides on the next event, writes it, and applies it
//
// Apply is the only thing that changes a ledger, so replaying the events gives the same ledger again. Which events are
// legal does not depend on the options, which only steer the queries: a run may be resumed with other ones.
//
// Terms: a group is one prompt's place in one rollout (group g is given the run's prompt g); a lease is one attempt at
// it by one actor. Version v of the weights is what v trained rollouts made; version 0 precedes the first.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/journal.pb.h"
#include "drover/v1/run.pb.h"

namespace drover::experience {

// The life of a lease. Legal transitions, the event that makes each, and who emits it:
//
//   (none)     ─▶ kHeld      LeaseIssued            an actor asks for work
//   kHeld      ─▶ kAccepted  GroupAccepted          its group is on disk
//   kHeld      ─▶ kFiltered  LeaseClosed(FILTERED)  its group's rewards are all equal, and the recipe drops such groups
//   kHeld      ─▶ kStale     LeaseClosed(STALE)     its group has tokens of a version out of bounds
//   kHeld      ─▶ kExpired   LeaseClosed(EXPIRED)   the deadline passed, or the actor drains
//   kHeld      ─▶ kFailed    LeaseClosed(FAILED)    the actor could not serve it
//   kHeld      ─▶ kExpired   IncarnationStarted     the learner that issued it is gone
//   kAccepted  ─▶ kTrained   RolloutTrained         its rollout was trained
//   kTrained   ─▶ kAccepted  IncarnationStarted     the rollout was trained after the version that the run goes back to
//   kAccepted  ─▶ kFailed    LeaseClosed(FAILED)    its stored group is damaged, refused by training, or was dropped
//   kAccepted  ─▶ kStale     LeaseClosed(STALE)     the run was resumed with a staleness bound that it is over
//   kTrained   ─▶ kFailed    IncarnationStarted     as kAccepted, and it was closed as FAILED while it was trained
//
// Filtered, expired, stale and failed are final for the lease; after the last three its group is leased again under a
// new id. After kFiltered the group is closed and the rollout draws a further one.
enum class LeaseState : uint8_t { kHeld, kAccepted, kTrained, kFiltered, kExpired, kStale, kFailed };

// LeaseState as the journal and the interface call it: held and accepted are both PENDING.
v1::LeaseOutcome OutcomeOf(LeaseState state);
// "pending", "trained", ...
std::string OutcomeName(v1::LeaseOutcome outcome);

struct LedgerOptions {
  // Groups that a rollout trains on; at least 1.
  uint64_t prompts_per_rollout = 1;
  // Newest minus oldest version that may meet in training.
  uint64_t staleness_bound = 0;
  // Rollouts of the run.
  uint64_t steps = 0;
};

// Where an accepted group is stored.
struct StoredGroup {
  uint64_t lease = 0;
  uint64_t group = 0;
  uint32_t segment = 0;
  uint64_t offset = 0;
  std::string digest;
  uint64_t oldest_version = 0;  // among its tokens
};

// A group that may be leased now.
struct Issue {
  uint64_t group = 0;
  uint64_t rollout = 0;
  uint64_t min_version = 0;
};

// Not thread-safe. Leases of rollouts that a durable checkpoint covers keep one byte each; the rest of the memory goes
// with the rollouts in flight.
class Ledger {
 public:
  explicit Ledger(const LedgerOptions& options) : options_(options) {}

  // FAILED_PRECONDITION, and no change, when the event is not legal in this state.
  absl::Status Apply(const v1::JournalEvent& event);

  // --- Run ----------------------------------------------------------------------------------------------------------
  // 0 before the first start.
  uint32_t incarnation() const { return incarnation_; }
  // Rollouts trained on the surviving line; the number of the next rollout.
  uint64_t version() const { return version_; }
  std::optional<uint64_t> durable_version() const { return durable_version_; }
  // Of the surviving line; 0 before the first.
  uint64_t last_optimizer_step() const;
  uint64_t min_version(uint64_t rollout) const {
    return rollout > options_.staleness_bound ? rollout - options_.staleness_bound : 0;
  }
  // Sums over all leases; `leased` is the sum of the others.
  v1::LeaseCounts Counts() const;

  // --- Leases -------------------------------------------------------------------------------------------------------
  // Ids are dense, from 1.
  uint64_t next_lease() const { return states_.size() + 1; }
  // nullopt: never issued.
  std::optional<LeaseState> StateOf(uint64_t lease) const;
  // 0: never issued.
  uint32_t IncarnationOf(uint64_t lease) const;
  // Leases that actors hold, in order.
  std::vector<uint64_t> Held() const;
  // The group and bounds of a held lease.
  std::optional<Issue> HeldLease(uint64_t lease) const;
  // The next group to lease while `published` is the newest version that actors can fetch: lowest rollout first, groups to
  // lease again before new ones. `may_issue` can pass over groups for now. nullopt: nothing may be leased now.
  std::optional<Issue> NextIssue(uint64_t published,
                                 const std::function<bool(uint64_t group)>& may_issue) const;

  // --- Rollouts -----------------------------------------------------------------------------------------------------
  // Whether all groups of the next rollout (version()) are accepted.
  bool Ready() const;
  // Its accepted groups, in group order.
  std::vector<StoredGroup> AcceptedGroups() const;
  // How many they are.
  uint64_t AcceptedCount() const;
  // Groups of `rollout` that were filtered.
  uint64_t FilteredCount(uint64_t rollout) const;
  // Leases of accepted groups, of any rollout, that are over the staleness bound: it was higher when they came.
  std::vector<uint64_t> AcceptedOverBound() const;
  // Leases of accepted groups, of any rollout, all of whose tokens are of weights after `version`.
  std::vector<uint64_t> AcceptedAfter(uint64_t version) const;
  // Every group, of any rollout, that a start from a kept checkpoint may still train: accepted, or trained and not covered
  // by a durable checkpoint. In lease order.
  std::vector<StoredGroup> NeededGroups() const;
  // The lowest segment that holds a group which is not covered by a durable checkpoint; nullopt: none does.
  std::optional<uint32_t> FirstNeededSegment() const;
  // The highest segment that any event named; 0: none.
  uint32_t last_segment() const { return last_segment_; }

 private:
  struct Lease {
    uint64_t group = 0;
    uint64_t rollout = 0;
    uint64_t min_version = 0;
    uint32_t segment = 0;
    uint64_t offset = 0;
    std::string digest;
    uint64_t oldest_version = 0;  // once accepted
  };
  struct Rollout {
    // Group -> its newest lease, of the groups that are held, accepted or trained.
    std::map<uint64_t, uint64_t> live;
    // Groups that wait to be leased again.
    std::set<uint64_t> vacant;
    uint64_t accepted = 0;
    uint64_t filtered = 0;
    uint64_t last_optimizer_step = 0;
    bool AllAccepted() const { return accepted > 0 && vacant.empty() && accepted == live.size(); }
  };

  absl::Status ApplyStart(const v1::IncarnationStarted& event);
  absl::Status ApplyIssued(const v1::LeaseIssued& event);
  absl::Status ApplyAccepted(const v1::GroupAccepted& event);
  absl::Status ApplyClosed(const v1::LeaseClosed& event);
  // ApplyClosed of a lease that is held no more.
  absl::Status ApplyUnfit(uint64_t lease, LeaseState to);
  absl::Status ApplyTrained(const v1::RolloutTrained& event);
  absl::Status ApplyDurable(const v1::CheckpointDurable& event);
  void Move(uint64_t lease, LeaseState to);
  void Close(uint64_t lease, LeaseState to);
  absl::Status CheckHeld(uint64_t lease) const;

  LedgerOptions options_;
  uint32_t incarnation_ = 0;
  uint64_t version_ = 0;
  std::optional<uint64_t> durable_version_;
  // Step number at the durable version, for when its rollout is forgotten.
  uint64_t durable_optimizer_step_ = 0;
  uint64_t next_group_ = 0;
  uint32_t last_segment_ = 0;
  std::vector<LeaseState> states_;    // of lease i + 1
  std::array<uint64_t, 7> counts_{};  // by LeaseState
  // First lease that may belong to an incarnation -> the incarnation.
  std::map<uint64_t, uint32_t> first_leases_;
  std::unordered_map<uint64_t, Lease> open_;  // held, accepted, and trained but not covered
  std::map<uint64_t, Rollout> rollouts_;      // not covered by a durable checkpoint
  std::set<uint64_t> held_;
  std::set<uint64_t> unfit_;  // trained, closed as FAILED, and not covered by a durable checkpoint
};

}  // namespace drover::experience
