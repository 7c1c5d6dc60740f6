#include <random>
#include <set>
#include <string>
#include <vector>

#include "programs/actor/testing/lease_table_fixture.h"

namespace drover::actor_process {
namespace {

// Thousands of events in any order: each lease is counted once and handed back at most once, the engine is told to cancel
// only what it has, no group is submitted twice, and an evaluation begins under its own version alone.
class LeaseTableModelTest : public LeaseTableTest, public ::testing::WithParamInterface<int> {
 protected:
  void Event() {
    const uint64_t lease = Recent(random_() % 8);
    switch (random_() % 16) {
      case 0:
      case 1: {
        v1::Lease fresh = MakeLease(next_++, version_ + random_() % 2, 1 + random_() % incarnation_);
        if (random_() % 4 == 0) fresh.set_kind(v1::LEASE_KIND_EVALUATION);
        return Take({fresh}, /*finished=*/false, random_() % 2 == 0 ? std::optional(version_) : std::nullopt);
      }
      case 2:
        if (random_() % 20 == 0) {
          version_ = 0;
          ++incarnation_;
        }
        return table_.NoteWeights({incarnation_, ++version_});
      case 3:
        if (const auto missing = table_.Missing(); missing.has_value()) {
          random_() % 4 == 0 ? table_.CannotFetch(*missing, "gone") : table_.NoteFetched(*missing);
        }
        return;
      case 4:
      case 5:
        if (const auto wanted = table_.Wanted(); wanted.has_value()) {
          table_.Swapped(*wanted);
          engine_ = wanted->number;
        }
        return;
      case 6:
        return table_.Refuse(lease, "refused");
      case 7:
      case 8:
        return table_.Finish(
            MakeGroup(lease, random_() % 5 == 0 ? absl::InternalError("no") : absl::OkStatus()));
      case 9:
      case 10:
        if (table_.has_submission()) {
          EXPECT_TRUE(submitting_.insert(table_.TakeSubmission().group.id).second);
        }
        return;
      case 11:
        if (submitting_.count(lease) > 0) table_.Submitted(lease, SubmissionEndAtRandom());
        return;
      case 12:
        return Lose(lease);
      case 13:
        for (const uint64_t each : table_.TakeCancels()) {
          EXPECT_EQ(begun_.count(each), 1u);
          EXPECT_TRUE(cancelled_.insert(each).second);
        }
        return;
      default:
        if (const auto lease = table_.Start({.groups = 1, .queued = random_() % 2}); lease != nullptr) {
          EXPECT_TRUE(begun_.insert(lease->lease()).second);
          if (lease->kind() == v1::LEASE_KIND_EVALUATION) {
            evaluated_ += engine_ < version_ ? 1 : 0;
            EXPECT_EQ(engine_, lease->min_version());
          } else {
            EXPECT_GE(engine_, lease->min_version());
          }
        }
    }
  }
  // The lease that came as the nth last one, or the first.
  uint64_t Recent(uint64_t n) const { return next_ > n + 1 ? next_ - 1 - n : 1; }
  void Lose(uint64_t lease) {
    std::vector<uint64_t> others;
    for (uint64_t n = 0; n < 20; ++n) others.push_back(Recent(n) == lease ? 0 : Recent(n));
    Renew(others);
  }
  SubmissionEnd SubmissionEndAtRandom() {
    if (random_() % 2 == 0) return {.answer = v1::SUBMIT_OUTCOME_ACCEPTED};
    return {.reason = "away", .failed = random_() % 2 == 0};
  }

  std::mt19937_64 random_{static_cast<uint64_t>(GetParam())};
  uint64_t next_ = 1;
  uint32_t incarnation_ = 1;
  uint64_t version_ = 0;
  std::set<uint64_t> begun_, cancelled_, submitting_;
  uint64_t engine_ = 0;
  int evaluated_ = 0;  // of versions that were the newest no more
};

TEST_P(LeaseTableModelTest, EachLeaseEndsOnce) {
  std::vector<std::string> returned;
  size_t ends = 0;
  const auto collect = [&] {
    for (std::string& lease : Returned()) returned.push_back(std::move(lease));
    ends += table_.TakeEnds().size();
    size_t held = 0;
    for (const size_t groups : Held()) held += groups;
    ASSERT_EQ(held, table_.held());
    ASSERT_EQ(ends + held, next_ - 1);
  };
  for (int event = 0; event < 5000; ++event) {
    Event();
    ASSERT_NO_FATAL_FAILURE(collect());
  }
  table_.Drain(now_);
  for (int event = 0; event < 100; ++event) {
    Event();
    ASSERT_NO_FATAL_FAILURE(collect());
  }
  table_.Stop();
  collect();
  EXPECT_EQ(table_.held(), 0u);
  EXPECT_EQ(ends, next_ - 1);
  EXPECT_GT(begun_.size(), 20u);
  EXPECT_GT(cancelled_.size(), 1u);
  EXPECT_GT(submitting_.size(), 4u);
  EXPECT_GT(evaluated_, 0);
  for (std::string& lease : returned) lease.erase(0, lease[0] == '!' ? 1 : 0);
  EXPECT_EQ(std::set<std::string>(returned.begin(), returned.end()).size(), returned.size());
}
INSTANTIATE_TEST_SUITE_P(Seeds, LeaseTableModelTest, ::testing::Range(0, 20));

}  // namespace
}  // namespace drover::actor_process
