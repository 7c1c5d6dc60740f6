// Worked examples, event by event.
#include "services/experience/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using testing::Accepted;
using testing::Closed;
using testing::Durable;
using ::testing::ElementsAre;
using testing::Issued;
using testing::Started;
using testing::SumsClose;
using testing::Trained;

bool Any(uint64_t) { return true; }

void Apply(Ledger& ledger, const std::vector<v1::JournalEvent>& events) {
  for (const auto& event : events) {
    const absl::Status status = ledger.Apply(event);
    ASSERT_TRUE(status.ok()) << status << "\n" << event.DebugString();
    ASSERT_TRUE(SumsClose(ledger.Counts()));
  }
}

void Refuses(Ledger& ledger, const v1::JournalEvent& event) {
  const std::string before = ledger.Counts().DebugString();
  EXPECT_EQ(ledger.Apply(event).code(), absl::StatusCode::kFailedPrecondition) << event.DebugString();
  EXPECT_EQ(ledger.Counts().DebugString(), before);
}

Issue Next(const Ledger& ledger, uint64_t published) {
  return ledger.NextIssue(published, Any).value_or(Issue{999, 999, 999});
}

// P = 2, bound 0: rollout 0 has groups 0 and 1, and nothing more is leased before version 1 is out.
TEST(LedgerTest, StrictlyOnPolicyWindow) {
  Ledger ledger({.prompts_per_rollout = 2, .staleness_bound = 0, .steps = 2});
  Apply(ledger, {Started(1, 0)});
  EXPECT_EQ(Next(ledger, 0).group, 0);
  Apply(ledger, {Issued(1, 0, 0)});
  EXPECT_EQ(Next(ledger, 0).group, 1);
  Apply(ledger, {Issued(2, 1, 0)});
  EXPECT_FALSE(ledger.NextIssue(0, Any));
  Apply(ledger, {Accepted(2, 0)});
  EXPECT_FALSE(ledger.Ready());
  Apply(ledger, {Accepted(1, 0)});
  EXPECT_TRUE(ledger.Ready());
  // Lease order, not arrival order.
  EXPECT_EQ(ledger.AcceptedGroups()[0].lease, 1);
  EXPECT_EQ(ledger.AcceptedGroups()[1].lease, 2);
  Apply(ledger, {Trained(0, {1, 2}, 1, 3)});
  EXPECT_FALSE(ledger.NextIssue(0, Any));  // trained, but not published
  EXPECT_EQ(Next(ledger, 1).rollout, 1);
  EXPECT_EQ(Next(ledger, 1).min_version, 1);
  EXPECT_EQ(ledger.last_optimizer_step(), 3);
}

// Bound 1: rollouts r and r + 1 are in flight under version r; min_version = max(0, r - 1).
TEST(LedgerTest, WindowOfTwoRollouts) {
  Ledger ledger({.prompts_per_rollout = 1, .staleness_bound = 1, .steps = 3});
  Apply(ledger, {Started(1, 0), Issued(1, 0, 0)});
  EXPECT_EQ(Next(ledger, 0).rollout, 1);
  EXPECT_EQ(Next(ledger, 0).min_version, 0);
  Apply(ledger, {Issued(2, 1, 1)});
  EXPECT_FALSE(ledger.NextIssue(0, Any));
  Apply(ledger, {Accepted(1, 0), Trained(0, {1}, 1, 1)});
  EXPECT_EQ(Next(ledger, 1).rollout, 2);
  EXPECT_EQ(Next(ledger, 1).min_version, 1);
  Apply(ledger, {Issued(3, 2, 2, 1), Accepted(2, 0), Trained(1, {2}, 2, 2)});
  EXPECT_FALSE(ledger.NextIssue(2, Any));  // the run has three rollouts
  Refuses(ledger, Accepted(3, 0));         // version 0 would be two behind
  Apply(ledger, {Accepted(3, 1)});
  EXPECT_TRUE(ledger.Ready());
}

TEST(LedgerTest, LeaseThatEndsIsLeasedAgainUnderANewId) {
  for (const auto outcome : {v1::LEASE_OUTCOME_EXPIRED, v1::LEASE_OUTCOME_STALE, v1::LEASE_OUTCOME_FAILED}) {
    Ledger ledger({.prompts_per_rollout = 2, .steps = 1});
    Apply(ledger, {Started(1, 0), Issued(1, 0, 0), Issued(2, 1, 0), Closed(1, outcome)});
    EXPECT_EQ(Next(ledger, 0).group, 0);
    EXPECT_EQ(ledger.next_lease(), 3);
    EXPECT_FALSE(ledger.NextIssue(0, [](uint64_t group) { return group != 0; }));
    Refuses(ledger, Accepted(1, 0));
    Refuses(ledger, Closed(1, outcome));
    Refuses(ledger, Issued(3, 1, 0));  // group 1 does not wait
    Apply(ledger, {Issued(3, 0, 0), Accepted(3, 0), Accepted(2, 0)});
    EXPECT_EQ(ledger.AcceptedGroups()[0].lease,
              3);  // group 0 before group 1, though its lease is the younger
    Refuses(ledger, Trained(0, {2, 3}, 1, 1));
    Apply(ledger, {Trained(0, {3, 2}, 1, 1)});
    EXPECT_EQ(ledger.Counts().trained(), 2);
    EXPECT_EQ(ledger.Counts().leased(), 3);
  }
}

TEST(LedgerTest, FilteredGroupsAreReplacedInTheSameRollout) {
  Ledger ledger({.prompts_per_rollout = 2, .steps = 2});
  Apply(ledger, {Started(1, 0), Issued(1, 0, 0), Issued(2, 1, 0), Closed(2, v1::LEASE_OUTCOME_FILTERED)});
  EXPECT_EQ(Next(ledger, 0).group, 2);
  EXPECT_EQ(Next(ledger, 0).rollout, 0);
  Apply(ledger, {Issued(3, 2, 0), Accepted(3, 0), Accepted(1, 0)});
  EXPECT_TRUE(ledger.Ready());
  Apply(ledger, {Trained(0, {1, 3}, 1, 1)});
  EXPECT_EQ(Next(ledger, 1).group, 3);
  EXPECT_EQ(ledger.Counts().filtered(), 1);
}

TEST(LedgerTest, RestartUndoesWhatTheCheckpointDoesNotCover) {
  Ledger ledger({.prompts_per_rollout = 1, .steps = 4});
  Apply(ledger, {Started(1, 0), Durable(0), Issued(1, 0, 0), Accepted(1, 0), Trained(0, {1}, 1, 2),
                 Durable(1), Issued(2, 1, 1, 1), Accepted(2, 1), Trained(1, {2}, 3, 4), Issued(3, 2, 2, 2)});
  Refuses(ledger, Started(2, 0));  // covered by the checkpoint: its groups are gone
  Refuses(ledger, Started(2, 3));  // never reached
  Refuses(ledger, Started(3, 1));  // incarnation 2 comes next
  Apply(ledger, {Started(2, 1)});
  EXPECT_EQ(ledger.version(), 1);
  EXPECT_EQ(ledger.last_optimizer_step(), 2);
  EXPECT_EQ(ledger.StateOf(1), LeaseState::kTrained);
  EXPECT_EQ(ledger.StateOf(2), LeaseState::kAccepted);
  EXPECT_EQ(ledger.StateOf(3), LeaseState::kExpired);
  EXPECT_TRUE(ledger.Ready());
  // Trained again; its group of version 1 is as stale as before: not at all.
  Apply(ledger, {Trained(1, {2}, 3, 4)});
  EXPECT_EQ(Next(ledger, 2).group, 2);
  Apply(ledger, {Issued(4, 2, 2, 2)});
  EXPECT_EQ(ledger.IncarnationOf(3), 1);
  EXPECT_EQ(ledger.IncarnationOf(4), 2);
  EXPECT_EQ(ledger.IncarnationOf(5), 0);
}

TEST(LedgerTest, DurableCheckpointFreesSegments) {
  Ledger ledger({.prompts_per_rollout = 1, .staleness_bound = 1, .steps = 4});
  v1::JournalEvent late = Accepted(2, 0);
  late.mutable_group_accepted()->set_segment(5);
  Apply(ledger, {Started(1, 0), Issued(1, 0, 0), Accepted(1, 0), Issued(2, 1, 1), late});
  EXPECT_EQ(ledger.FirstNeededSegment(), 1u);
  Apply(ledger, {Trained(0, {1}, 1, 1)});
  EXPECT_EQ(ledger.FirstNeededSegment(), 1u);
  Apply(ledger, {Durable(1)});
  EXPECT_EQ(ledger.FirstNeededSegment(), 5u);
  EXPECT_EQ(ledger.last_segment(), 5u);
  Apply(ledger, {Trained(1, {2}, 2, 2), Durable(2)});
  EXPECT_FALSE(ledger.FirstNeededSegment());
  EXPECT_EQ(ledger.last_optimizer_step(), 2);
}

TEST(LedgerTest, RefusesWhatCannotBe) {
  Ledger ledger({.prompts_per_rollout = 2, .steps = 3});
  Refuses(ledger, Issued(1, 0, 0));
  Refuses(ledger, Started(2, 0));
  Refuses(ledger, Started(1, 1));
  Apply(ledger, {Started(1, 0)});
  Refuses(ledger, v1::JournalEvent());
  Refuses(ledger, Issued(2, 0, 0));
  Refuses(ledger, Issued(0, 0, 0));
  Refuses(ledger, Issued(1, 1, 0));
  Refuses(ledger, Accepted(1, 0));
  Apply(ledger, {Issued(1, 0, 0), Issued(2, 1, 0)});
  Refuses(ledger, Closed(1, v1::LEASE_OUTCOME_TRAINED));
  Refuses(ledger, Closed(1, v1::LEASE_OUTCOME_PENDING));
  Refuses(ledger, Trained(0, {1, 2}, 1, 1));
  Apply(ledger, {Accepted(1, 0)});
  Refuses(ledger, Accepted(1, 0));
  Refuses(ledger, Closed(1, v1::LEASE_OUTCOME_FILTERED));
  Apply(ledger, {Accepted(2, 0)});
  Refuses(ledger, Trained(0, {1}, 1, 1));
  Refuses(ledger, Trained(0, {1, 2}, 0, 0));
  Refuses(ledger, Trained(0, {1, 2}, 3, 1));
  Refuses(ledger, Trained(1, {1, 2}, 1, 1));
  Refuses(ledger, Durable(1));
  Apply(ledger, {Trained(0, {1, 2}, 1, 0)});  // every step was skipped
  Refuses(ledger, Issued(3, 2, 0));
  Apply(ledger, {Durable(1)});
  Refuses(ledger, Durable(0));
}

// An accepted group that turns out unfit is leased again; a trained one once its rollout is undone.
TEST(LedgerTest, UnfitGroupsAreLeasedAgain) {
  Ledger ledger({.prompts_per_rollout = 2, .steps = 3});
  Apply(ledger,
        {Started(1, 0), Durable(0), Issued(1, 0, 0), Issued(2, 1, 0), Accepted(1, 0), Accepted(2, 0)});
  EXPECT_TRUE(ledger.Ready());
  Refuses(ledger, Closed(2, v1::LEASE_OUTCOME_EXPIRED));
  Apply(ledger, {Closed(2, v1::LEASE_OUTCOME_FAILED)});
  EXPECT_FALSE(ledger.Ready());
  EXPECT_EQ(ledger.AcceptedCount(), 1u);
  EXPECT_EQ(ledger.StateOf(2), LeaseState::kFailed);
  EXPECT_EQ(Next(ledger, 0).group, 1);
  Refuses(ledger, Closed(2, v1::LEASE_OUTCOME_FAILED));
  Apply(ledger, {Issued(3, 1, 0), Accepted(3, 0), Trained(0, {1, 3}, 1, 1)});
  Refuses(ledger, Closed(1, v1::LEASE_OUTCOME_STALE));
  Apply(ledger, {Closed(1, v1::LEASE_OUTCOME_FAILED)});
  EXPECT_EQ(ledger.StateOf(1), LeaseState::kTrained);  // as long as its rollout is
  Apply(ledger, {Started(2, 0)});
  EXPECT_EQ(ledger.StateOf(1), LeaseState::kFailed);
  EXPECT_EQ(ledger.StateOf(3), LeaseState::kAccepted);
  EXPECT_EQ(Next(ledger, 0).group, 0);
  Apply(ledger, {Issued(4, 0, 0), Accepted(4, 0), Trained(0, {4, 3}, 1, 1), Durable(1)});
  Refuses(ledger, Closed(3, v1::LEASE_OUTCOME_FAILED));  // for ever in the weights
}

TEST(LedgerTest, ALowerBoundMakesAcceptedGroupsStale) {
  const std::vector<v1::JournalEvent> events = {Started(1, 0),   Issued(1, 0, 0),      Issued(2, 1, 1),
                                                Issued(3, 2, 2), Accepted(1, 0),       Accepted(2, 0),
                                                Accepted(3, 0),  Trained(0, {1}, 1, 1)};
  Ledger before({.prompts_per_rollout = 1, .staleness_bound = 2, .steps = 4});
  Apply(before, events);
  EXPECT_THAT(before.AcceptedOverBound(), ElementsAre());
  Ledger ledger({.prompts_per_rollout = 1, .staleness_bound = 1, .steps = 4});
  Apply(ledger, events);
  EXPECT_THAT(ledger.AcceptedOverBound(), ElementsAre(3));
  Apply(ledger, {Closed(3, v1::LEASE_OUTCOME_STALE)});
  EXPECT_EQ(Next(ledger, 1).group, 2);
  EXPECT_EQ(Next(ledger, 1).min_version, 1);
  EXPECT_EQ(ledger.Counts().stale(), 1u);
}

// The options steer the queries alone: a resume with more prompts per rollout still reads the old journal.
TEST(LedgerTest, OptionsMayChangeBetweenStarts) {
  Ledger ledger({.prompts_per_rollout = 3, .steps = 3});
  Apply(ledger, {Started(1, 0), Issued(1, 0, 0), Accepted(1, 0), Trained(0, {1}, 1, 1), Issued(2, 1, 1, 1),
                 Accepted(2, 1), Started(2, 1)});
  EXPECT_FALSE(ledger.Ready());
  EXPECT_EQ(Next(ledger, 1).rollout, 1);
  EXPECT_EQ(Next(ledger, 1).group, 2);
}

TEST(LedgerTest, OutcomesHaveTheirNames) {
  EXPECT_EQ(OutcomeName(OutcomeOf(LeaseState::kHeld)), "pending");
  EXPECT_EQ(OutcomeName(OutcomeOf(LeaseState::kAccepted)), "pending");
  EXPECT_EQ(OutcomeName(OutcomeOf(LeaseState::kTrained)), "trained");
  EXPECT_EQ(OutcomeName(OutcomeOf(LeaseState::kFiltered)), "filtered");
  EXPECT_EQ(OutcomeName(OutcomeOf(LeaseState::kExpired)), "expired");
  EXPECT_EQ(OutcomeName(OutcomeOf(LeaseState::kStale)), "stale");
  EXPECT_EQ(OutcomeName(OutcomeOf(LeaseState::kFailed)), "failed");
}

}  // namespace
}  // namespace drover::experience
