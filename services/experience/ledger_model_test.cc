// Random runs with crashes, against what must hold whatever happens (design, invariants 1 and 2).
//
// The simulation plays store and actors over a plain list of events, the last part of which is not synced. A crash loses
// a random part of that, then the run starts again from a checkpoint that is on disk. Beside the ledger it keeps, by plain
// bookkeeping of its own, the line of trained rollouts that survives and every group that was acknowledged.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "services/experience/ledger.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using testing::Accepted;
using testing::Closed;
using testing::Durable;
using testing::Issued;
using testing::Started;
using testing::Trained;

// The transitions of the comment on LeaseState.
bool LegalMove(LeaseState from, LeaseState to) {
  switch (from) {
    case LeaseState::kHeld:
      return to != LeaseState::kTrained;
    case LeaseState::kAccepted:
      return to == LeaseState::kAccepted || to == LeaseState::kTrained || to == LeaseState::kFailed;
    case LeaseState::kTrained:
      return to == LeaseState::kTrained || to == LeaseState::kAccepted || to == LeaseState::kFailed;
    default:
      return from == to;
  }
}

// Everything that can be asked of a ledger, as text.
std::string Picture(const Ledger& ledger) {
  std::string text = ledger.Counts().ShortDebugString();
  absl::StrAppend(&text, "|", ledger.incarnation(), " ", ledger.version(), " ",
                  ledger.durable_version().value_or(999), " ", ledger.last_optimizer_step(), " ",
                  ledger.Ready(), " ", ledger.FirstNeededSegment().value_or(0), "|");
  for (uint64_t lease = 1; lease < ledger.next_lease(); ++lease) {
    absl::StrAppend(&text, static_cast<int>(*ledger.StateOf(lease)), ".", ledger.IncarnationOf(lease), " ");
  }
  for (const StoredGroup& group : ledger.AcceptedGroups())
    absl::StrAppend(&text, "a", group.lease, group.digest);
  for (uint64_t published = 0; published < 8; ++published) {
    const auto issue = ledger.NextIssue(published, [](uint64_t) { return true; });
    if (issue) absl::StrAppend(&text, " n", issue->group, "/", issue->rollout, "/", issue->min_version);
  }
  return text;
}

class Simulation {
 public:
  Simulation(uint64_t seed, bool crashes)
      : random_(seed, RandomPurpose::kQuestions, 0),
        crashes_(crashes),
        options_{1 + random_.Below(4), random_.Below(3), 2 + random_.Below(6)},
        filter_(random_.Below(2) == 0),
        ledger_(options_) {}

  void Run() {
    Start(0);
    for (int i = 0; i < 20000 && ledger_.version() < options_.steps; ++i) {
      Act();
      if (::testing::Test::HasFailure()) return;
    }
    ASSERT_EQ(ledger_.version(), options_.steps) << "the run did not end";
    CheckLine();
    EXPECT_EQ(ledger_.Counts().pending(), 0u);
    EXPECT_FALSE(ledger_.NextIssue(ledger_.version(), [](uint64_t) { return true; }));
  }

  size_t events() const { return written_; }

 private:
  void Act() {
    switch (random_.Below(crashes_ ? 40 : 38)) {
      case 3:
        return Drop();
      case 0:
        return TryIllegal();
      case 1:
        return CompareReplay();
      case 2:
        synced_ = events_.size();
        return Acknowledge();
      case 38:
      case 39:
        return Crash();
      default:
        break;
    }
    if (ledger_.Ready()) return Train();
    if (random_.Below(2) == 0 && IssueOne()) return;
    const std::vector<uint64_t> held = ledger_.Held();
    if (!held.empty()) EndLease(held[random_.Below(held.size())]);
  }

  void Emit(const v1::JournalEvent& event) {
    const absl::Status status = ledger_.Apply(event);
    ASSERT_TRUE(status.ok()) << status << "\n" << event.DebugString();
    events_.push_back(event);
    ++written_;
    CheckSums();
  }

  void Sync() {
    synced_ = events_.size();
    Acknowledge();
  }

  // What is synced is what clients were told of.
  void Acknowledge() {
    for (const auto& [lease, group] : unacknowledged_) acknowledged_[group] = lease;
    unacknowledged_.clear();
  }

  void Start(uint64_t version) {
    Emit(Started(ledger_.incarnation() + 1, version));
    Sync();
    published_ = version;
    line_.resize(version);
    last_steps_.resize(version);
    EXPECT_TRUE(ledger_.Held().empty()) << "an actor holds a lease of a learner that is gone";
  }

  bool IssueOne() {
    const auto issue = ledger_.NextIssue(published_, [](uint64_t) { return true; });
    if (!issue) return false;
    // Windowed FIFO: no rollout further than the bound beyond the published version.
    EXPECT_LE(issue->rollout, published_ + options_.staleness_bound);
    EXPECT_LT(issue->rollout, options_.steps);
    EXPECT_LE(issue->min_version, published_);
    if (!filter_ && groups_.count(issue->group) == 0) {
      EXPECT_EQ(issue->group / options_.prompts_per_rollout, issue->rollout);
    }
    groups_[issue->group] = issue->rollout;
    Emit(Issued(ledger_.next_lease(), issue->group, issue->rollout, issue->min_version));
    return true;
  }

  void EndLease(uint64_t lease) {
    const Issue issue = *ledger_.HeldLease(lease);
    switch (random_.Below(filter_ ? 7 : 6)) {
      case 0:
        return Emit(Closed(lease, v1::LEASE_OUTCOME_EXPIRED));
      case 1:
        return Emit(Closed(lease, v1::LEASE_OUTCOME_FAILED));
      case 2:
        return Emit(Closed(lease, v1::LEASE_OUTCOME_STALE));
      case 6:
        return Emit(Closed(lease, v1::LEASE_OUTCOME_FILTERED));
      default: {
        const uint64_t version = issue.min_version + random_.Below(published_ - issue.min_version + 1);
        oldest_[lease] = version;
        Emit(Accepted(lease, version));
        unacknowledged_[lease] = issue.group;
      }
    }
  }

  // A group turns out to be unfit, or a person drops it: whatever was acknowledged, it must not be trained any more.
  void Drop() {
    std::vector<uint64_t> leases;
    for (const StoredGroup& group : ledger_.AcceptedGroups()) leases.push_back(group.lease);
    for (uint64_t r = ledger_.durable_version().value_or(0); r < line_.size(); ++r) {
      leases.insert(leases.end(), line_[r].begin(), line_[r].end());
    }
    if (leases.empty()) return;
    const uint64_t lease = leases[random_.Below(leases.size())];
    Emit(Closed(lease, v1::LEASE_OUTCOME_FAILED));
    Sync();
    std::erase_if(acknowledged_, [lease](const auto& entry) { return entry.second == lease; });
  }

  void Train() {
    std::vector<uint64_t> leases;
    std::vector<uint64_t> groups;
    const uint64_t rollout = ledger_.version();
    for (const StoredGroup& group : ledger_.AcceptedGroups()) {
      EXPECT_TRUE(groups.empty() || groups.back() < group.group) << "not in lease order";
      EXPECT_LE(rollout - oldest_.at(group.lease), options_.staleness_bound) << "over the staleness bound";
      leases.push_back(group.lease);
      groups.push_back(group.group);
    }
    EXPECT_EQ(groups.size(), options_.prompts_per_rollout);
    const uint64_t done = last_steps_.empty() ? 0 : last_steps_.back();
    EXPECT_EQ(ledger_.last_optimizer_step(), done);
    last_steps_.push_back(done + random_.Below(4));
    Emit(Trained(rollout, leases, done + 1, last_steps_.back()));
    Sync();
    line_.push_back(leases);
    line_groups_.resize(rollout);
    line_groups_.push_back(groups);
    published_ = ledger_.version();
    if (random_.Below(2) == 0) return;
    checkpoints_.insert(published_);
    // The crash may come between the checkpoint and its event.
    if (random_.Below(4) == 0) return;
    Emit(Durable(published_));
    Sync();
  }

  void Crash() {
    events_.resize(synced_ + random_.Below(events_.size() - synced_ + 1));
    unacknowledged_.clear();
    Ledger replayed(options_);
    for (const auto& event : events_) ASSERT_TRUE(replayed.Apply(event).ok());
    ledger_ = std::move(replayed);
    states_.resize(std::min<size_t>(states_.size(), ledger_.next_lease() - 1));
    for (size_t i = 0; i < states_.size(); ++i) states_[i] = *ledger_.StateOf(i + 1);
    synced_ = events_.size();
    // What of the lost part reached the disk all the same is accepted now.
    Start(*checkpoints_.rbegin());
  }

  void CheckSums() {
    uint64_t count[7] = {};
    for (uint64_t lease = 1; lease < ledger_.next_lease(); ++lease) {
      const LeaseState state = *ledger_.StateOf(lease);
      ++count[static_cast<int>(state)];
      if (lease > states_.size()) {
        EXPECT_EQ(state, LeaseState::kHeld);
        states_.push_back(state);
      }
      EXPECT_TRUE(LegalMove(states_[lease - 1], state)) << "lease " << lease;
      states_[lease - 1] = state;
    }
    const v1::LeaseCounts sums = ledger_.Counts();
    EXPECT_EQ(sums.leased(), ledger_.next_lease() - 1);
    EXPECT_TRUE(testing::SumsClose(sums));
    EXPECT_EQ(sums.pending(), count[0] + count[1]);
    EXPECT_EQ(sums.trained(), count[2]);
    EXPECT_EQ(sums.filtered(), count[3]);
    EXPECT_EQ(sums.expired(), count[4]);
    EXPECT_EQ(sums.stale(), count[5]);
    EXPECT_EQ(sums.failed(), count[6]);
  }

  void CompareReplay() {
    Ledger replayed(options_);
    for (const auto& event : events_) {
      v1::JournalEvent copy;
      ASSERT_TRUE(copy.ParseFromString(event.SerializeAsString()));
      ASSERT_TRUE(replayed.Apply(copy).ok());
    }
    EXPECT_EQ(Picture(replayed), Picture(ledger_));
  }

  // Random events; those that the ledger refuses must leave it as it was.
  void TryIllegal() {
    const uint64_t lease = random_.Below(ledger_.next_lease() + 2);
    const std::vector<v1::JournalEvent> tries = {Accepted(lease, 0),
                                                 Closed(lease, v1::LEASE_OUTCOME_EXPIRED),
                                                 Issued(lease, random_.Below(9), random_.Below(9)),
                                                 Trained(random_.Below(9), {lease}, 1, 1),
                                                 Durable(random_.Below(9)),
                                                 Started(random_.Below(9), random_.Below(9))};
    const auto& event = tries[random_.Below(tries.size())];
    Ledger copy = CopyByReplay();
    const std::string before = Picture(copy);
    if (copy.Apply(event).ok()) return;
    EXPECT_EQ(Picture(copy), before) << event.DebugString();
  }

  Ledger CopyByReplay() const {
    Ledger copy(options_);
    for (const auto& event : events_) EXPECT_TRUE(copy.Apply(event).ok());
    return copy;
  }

  void CheckLine() {
    ASSERT_EQ(line_.size(), options_.steps);
    std::map<uint64_t, uint64_t> trained;  // group -> lease
    for (uint64_t r = 0; r < line_.size(); ++r) {
      for (size_t i = 0; i < line_[r].size(); ++i) {
        EXPECT_TRUE(trained.emplace(line_groups_[r][i], line_[r][i]).second) << "a group was trained twice";
        EXPECT_EQ(groups_.at(line_groups_[r][i]), r) << "a group changed its rollout";
        EXPECT_EQ(ledger_.StateOf(line_[r][i]), LeaseState::kTrained);
      }
    }
    EXPECT_EQ(ledger_.Counts().trained(), trained.size());
    for (const auto& [group, lease] : acknowledged_) {
      ASSERT_EQ(trained.count(group), 1u) << "acknowledged group " << group << " was lost";
      EXPECT_EQ(trained[group], lease) << "another group than the acknowledged one was trained";
    }
  }

  RandomStream random_;
  const bool crashes_;
  const LedgerOptions options_;
  const bool filter_;
  Ledger ledger_;
  std::vector<v1::JournalEvent> events_;
  size_t synced_ = 0;
  size_t written_ = 0;
  uint64_t published_ = 0;
  std::set<uint64_t> checkpoints_{0};
  std::map<uint64_t, uint64_t> groups_;          // group -> rollout
  std::map<uint64_t, uint64_t> oldest_;          // lease -> version
  std::map<uint64_t, uint64_t> unacknowledged_;  // lease -> group
  std::map<uint64_t, uint64_t> acknowledged_;    // group -> lease
  std::vector<std::vector<uint64_t>> line_;      // leases by rollout
  std::vector<std::vector<uint64_t>> line_groups_;
  std::vector<uint64_t> last_steps_;  // last optimizer step by rollout
  std::vector<LeaseState> states_;
};

void RunMany(uint64_t first, uint64_t last, bool crashes) {
  size_t events = 0;
  for (uint64_t seed = first; seed < last; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Simulation simulation(seed, crashes);
    simulation.Run();
    events += simulation.events();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(events, 10 * (last - first));
}

TEST(LedgerModelTest, RunsWithoutCrashes) { RunMany(0, 500, false); }

TEST(LedgerModelTest, RunsWithCrashes) { RunMany(500, 2500, true); }

}  // namespace
}  // namespace drover::experience
