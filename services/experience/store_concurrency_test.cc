// Actors on many threads, a training loop, and learners that die: what was acknowledged is trained exactly once.
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/random.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using testing::Answer;
using testing::MustOpen;
using testing::SmallRun;
using testing::Submit;
using testing::TempFolder;

constexpr uint64_t kSteps = 12;
constexpr uint64_t kPrompts = 8;
constexpr int kActors = 6;

class TestRun {
 public:
  // One life of the learner: from the checkpoint of `version` to rollout `until`, then gone without a word.
  void Live(const StoreOptions& options, uint64_t version, uint64_t until) {
    auto store = MustOpen(options);
    ASSERT_TRUE(store->StartIncarnation(version).ok());
    published_ = version;
    ASSERT_TRUE(store->Publish(version).ok());
    line_.resize(version);
    std::vector<std::thread> actors;
    stop_ = false;
    for (int i = 0; i < kActors; ++i) actors.emplace_back([this, &store, i] { Act(*store, i); });
    for (uint64_t r = version; r < until; ++r) {
      auto groups = store->WaitForRollout(r, absl::Seconds(60));
      EXPECT_TRUE(groups.ok()) << groups.status();
      if (!groups.ok()) break;
      line_.push_back(*groups);
      EXPECT_TRUE(store->MarkTrained(r, r + 1, r + 1, r + 1).ok());
      published_ = r + 1;
      EXPECT_TRUE(store->Publish(r + 1).ok());
      if (r % 3 != 2) continue;
      EXPECT_TRUE(store->MarkCheckpoint(r + 1, "c").ok());
    }
    stop_ = true;
    store->Finish();
    for (auto& actor : actors) actor.join();
    counts_ = store->Counts();
    EXPECT_TRUE(testing::SumsClose(counts_));
  }

  void CheckLine(uint64_t bound) {
    ASSERT_EQ(line_.size(), kSteps);
    std::map<uint64_t, uint64_t> trained;
    for (uint64_t r = 0; r < kSteps; ++r) {
      ASSERT_EQ(line_[r].size(), kPrompts);
      for (size_t i = 0; i < kPrompts; ++i) {
        const v1::Group& group = line_[r][i];
        EXPECT_EQ(group.group(), r * kPrompts + i);
        EXPECT_LE(r - group.responses(0).versions(0).version(), bound);
        EXPECT_TRUE(trained.emplace(group.group(), group.lease()).second);
      }
    }
    for (const auto& [group, lease] : acknowledged_) EXPECT_EQ(trained[group], lease) << "group " << group;
    EXPECT_EQ(counts_.trained(), kSteps * kPrompts);
    EXPECT_EQ(counts_.pending(), 0u);
    EXPECT_GT(counts_.expired() + counts_.failed(), 0u);
  }

 private:
  void Act(LeaseStore& store, int number) {
    RandomStream random(number, RandomPurpose::kBackoff, published_);
    const std::string name = "actor-" + std::to_string(number);
    while (!stop_) {
      const auto leases = testing::Lease(store, 1 + random.Below(3), name).leases();
      if (leases.empty()) absl::SleepFor(absl::Milliseconds(1));
      for (const v1::Lease& lease : leases) Serve(store, lease, name, random);
    }
  }

  void Serve(LeaseStore& store, const v1::Lease& lease, const std::string& name, RandomStream& random) {
    const uint64_t what = random.Below(10);
    if (what < 2) {
      v1::ReturnLeasesRequest request;
      request.set_actor(name);
      request.set_incarnation(lease.incarnation());
      request.add_leases(lease.lease());
      request.add_tokens(lease.token());
      request.set_failed(what == 0);
      EXPECT_TRUE(testing::Return(store, request).ok());
      return;
    }
    v1::Group group = Answer(lease, published_);
    group.set_actor(name);
    const int times = what == 2 ? 3 : 1;
    int accepted = 0;
    for (int i = 0; i < times; ++i) {
      const auto answer = Submit(store, lease, group);
      ASSERT_TRUE(answer.ok()) << answer.status();
      if (answer->outcome() != v1::SUBMIT_OUTCOME_ACCEPTED) continue;
      ++accepted;
      std::lock_guard<std::mutex> lock(mu_);
      acknowledged_[group.group()] = group.lease();
    }
    EXPECT_LE(accepted, 1);
  }

  std::atomic<uint64_t> published_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::vector<v1::Group>> line_;
  v1::LeaseCounts counts_;
  std::mutex mu_;
  std::map<uint64_t, uint64_t> acknowledged_;
};

TEST(StoreConcurrencyTest, EveryAcknowledgedGroupIsTrainedOnce) {
  for (uint64_t bound : {0, 2}) {
    TempFolder folder;
    StoreOptions options = SmallRun(folder.path(), nullptr, kSteps, kPrompts, bound);
    options.max_group_failures = 100;  // chance alone fails a group five times now and then
    TestRun run;
    run.Live(options, 0, 5);
    run.Live(options, 3, 7);
    run.Live(options, 6, kSteps);
    run.CheckLine(bound);
  }
}

// Threads that submit the same lease at the same moment: one is accepted, the others are told so, all when it is durable.
TEST(StoreConcurrencyTest, OneLeaseSubmittedByManyThreadsIsAcceptedOnce) {
  TempFolder folder;
  auto store = MustOpen(SmallRun(folder.path(), nullptr, 1, 20, 0));
  ASSERT_TRUE(store->StartIncarnation(0).ok());
  ASSERT_TRUE(store->Publish(0).ok());
  const v1::LeaseGroupsResponse response = testing::Lease(*store, 20);
  for (const v1::Lease& lease : response.leases()) {
    std::atomic<int> accepted{0};
    std::atomic<int> had{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto outcome = testing::SubmitOutcomeOf(*store, lease, Answer(lease, 0));
        accepted += outcome == v1::SUBMIT_OUTCOME_ACCEPTED;
        had += outcome == v1::SUBMIT_OUTCOME_ALREADY_HAVE;
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(accepted, 1);
    EXPECT_EQ(had, 3);
  }
  EXPECT_EQ(store->WaitForRollout(0, absl::Seconds(20))->size(), 20u);
}

}  // namespace
}  // namespace drover::experience
