// The store over a disk that fails at any call, tears a write, fills up, or loses its power: what an actor was told
// is true in the next life, and each group is trained once.
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "base/log.h"
#include "base/testing/faulty_file_system.h"
#include "services/experience/testing/store_fixture.h"

namespace drover::experience {
namespace {

using drover::testing::AllFaults;
using drover::testing::AtEveryCall;
using drover::testing::Fault;
using drover::testing::FaultyFileSystem;
using drover::testing::kAllBytes;
using drover::testing::MemoryFileSystem;
using drover::testing::Survival;
using testing::Answer;
using testing::FakeClock;
using testing::kSoon;
using testing::SmallRun;
using testing::Submit;

constexpr uint64_t kPrompts = 3;

class StoreDiskTest : public ::testing::Test {
 protected:
  StoreDiskTest() {
    EXPECT_TRUE(log::Start({.process = "test", .level = log::Level::kError, .file = "/dev/null"}).ok());
  }
  ~StoreDiskTest() override { EXPECT_TRUE(log::Start({}).ok()); }

  StoreOptions Options(FileSystem* files) {
    StoreOptions options = SmallRun("/run", &clock_, /*steps=*/2, kPrompts, /*bound=*/0);
    options.files = files;
    return options;
  }

  // What one start of a learner told: the groups that it acknowledged, by number, and whether it said that rollout 0
  // was trained.
  struct Told {
    std::map<uint64_t, std::string> groups;
    bool trained = false;
    absl::Status error;
  };

  static v1::LeaseGroupsRequest LeaseRequest(uint32_t max) {
    v1::LeaseGroupsRequest request;
    request.set_actor("actor-0");
    request.set_max_leases(max);
    return request;
  }

  static std::vector<v1::Lease> LeaseAll(ExperienceStore& store, absl::Status* error, uint32_t max = 100) {
    std::vector<v1::Lease> leases;
    absl::Notification done;
    store.LeaseGroups(LeaseRequest(max), [&](absl::StatusOr<v1::LeaseGroupsResponse> answer) {
      *error = answer.status();
      if (answer.ok()) leases.assign(answer->leases().begin(), answer->leases().end());
      done.Notify();
    });
    done.WaitForNotification();
    return leases;
  }

  // Starts from version 0, serves and trains rollout 0, and ends; at the first error it ends at once.
  Told Live(FileSystem* files) {
    Told told;
    const auto store = ExperienceStore::Open(Options(files));
    told.error = store.status();
    if (told.error.ok()) told.error = (*store)->StartIncarnation(0);
    if (told.error.ok()) told.error = (*store)->Publish(0);
    if (told.error.ok()) told.error = Serve(**store, &told);
    if (!told.error.ok()) return told;
    told.error = (*store)->WaitForRollout(0, kSoon).status();
    if (told.error.ok()) told.error = (*store)->MarkTrained(0, 1, 1, 2);
    told.trained = told.error.ok();
    return told;
  }

  absl::Status Serve(ExperienceStore& store, Told* told) {
    absl::Status error;
    for (const v1::Lease& lease : LeaseAll(store, &error)) {
      const v1::Group group = Answer(lease, 0);
      const auto answer = Submit(store, lease, group);
      if (!answer.ok()) return answer.status();
      EXPECT_EQ(answer->outcome(), v1::SUBMIT_OUTCOME_ACCEPTED);
      told->groups[group.group()] = group.SerializeAsString();
    }
    return error;
  }

  // The next start over what is left of the disk: it goes on from version 0 with what was acknowledged, and leases
  // only what was not.
  void ExpectKept(const Told& told, FileSystem* files) {
    const auto store = ExperienceStore::Open(Options(files));
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->StartIncarnation(0).ok());
    ASSERT_TRUE((*store)->Publish(0).ok());
    absl::Status error;
    for (const v1::Lease& lease : LeaseAll(**store, &error)) {
      EXPECT_EQ(told.groups.count(lease.group()), 0u) << "group " << lease.group() << " was acknowledged";
      EXPECT_TRUE(Submit(**store, lease, Answer(lease, 0)).ok());
    }
    EXPECT_TRUE(error.ok()) << error;
    const auto groups = (*store)->WaitForRollout(0, kSoon);
    ASSERT_TRUE(groups.ok()) << groups.status();
    ASSERT_EQ(groups->size(), kPrompts);
    for (const v1::Group& group : *groups) {
      const auto had = told.groups.find(group.group());
      EXPECT_TRUE(had == told.groups.end() || had->second == group.SerializeAsString()) << group.group();
    }
    EXPECT_TRUE(testing::SumsClose((*store)->Counts()));
  }

  FakeClock clock_;
};

TEST_F(StoreDiskTest, WhatWasAcknowledgedIsThereWhereverTheDiskFails) {
  for (const Fault& fault : AllFaults()) {
    for (const Survival& survival : {Survival{}, Survival{.names = 1, .bytes = 1},
                                     Survival{.names = 99, .bytes = kAllBytes}, Survival{.zeros = true}}) {
      const uint64_t calls = AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        const Told told = Live(&files);
        EXPECT_EQ(told.error.ok(), !files.fired()) << told.error << "; " << files.said();
        EXPECT_TRUE(told.error.ok() || absl::StrContains(told.error.message(), files.said().message()))
            << told.error << " does not say " << files.said();
        disk.Crash(survival);
        ExpectKept(told, &disk);
      });
      EXPECT_GT(calls, 20u);
    }
  }
}

// The learner alone dies: its files are as it left them, and the next one writes on.
TEST_F(StoreDiskTest, WhatWasAcknowledgedIsThereWhereverTheProcessDies) {
  for (Fault fault : AllFaults()) {
    fault.for_good = true;
    AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
      const Told told = Live(&files);
      ExpectKept(told, &disk);
      disk.Crash();
      ExpectKept(told, &disk);
    });
  }
}

// No thread of an actor's call waits for the disk: each call returns while it hangs, and is answered behind it.
TEST_F(StoreDiskTest, ADiskThatHangsHoldsAnswersAndNoCaller) {
  MemoryFileSystem disk;
  FaultyFileSystem files(&disk);
  const auto store = ExperienceStore::Open(Options(&files));
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->StartIncarnation(0).ok());
  ASSERT_TRUE((*store)->Publish(0).ok());
  absl::Status error;
  const std::vector<v1::Lease> held = LeaseAll(**store, &error, /*max=*/2);
  ASSERT_EQ(held.size(), 2u) << error;
  v1::RenewLeasesRequest renewal;
  renewal.set_actor("actor-0");
  renewal.set_incarnation(held[0].incarnation());
  renewal.add_leases(held[0].lease());
  renewal.add_tokens(held[0].token());
  v1::ReturnLeasesRequest going_back;
  going_back.set_actor("actor-0");
  going_back.set_incarnation(held[1].incarnation());
  going_back.add_leases(held[1].lease());
  going_back.add_tokens(held[1].token());

  files.Hang();
  absl::Notification leased, submitted, returned;
  const auto notify = [](absl::Notification& done) {
    return [&done](const auto& answer) {
      EXPECT_TRUE(answer.ok());
      done.Notify();
    };
  };
  (*store)->LeaseGroups(LeaseRequest(1), notify(leased));
  ASSERT_TRUE(files.AwaitHangingCall());
  EXPECT_EQ((*store)->RenewLeases(renewal)->held_size(), 1);
  (*store)->SubmitGroup(testing::Submission(held[0], Answer(held[0], 0)), notify(submitted));
  (*store)->ReturnLeases(going_back, notify(returned));
  EXPECT_EQ((*store)->GetProgress().groups_needed, kPrompts) << "pictures are drawn, too";
  EXPECT_FALSE(leased.HasBeenNotified() || submitted.HasBeenNotified() || returned.HasBeenNotified());

  files.Release();
  for (const absl::Notification* done : {&leased, &submitted, &returned}) {
    EXPECT_TRUE(done->WaitForNotificationWithTimeout(kSoon));
  }
}

TEST_F(StoreDiskTest, AFullDiskAcknowledgesNothingThatDoesNotFit) {
  MemoryFileSystem roomy;
  ASSERT_TRUE(Live(&roomy).error.ok());
  for (uint64_t room = 0; room < roomy.UsedBytes(); room += 13) {
    SCOPED_TRACE(room);
    MemoryFileSystem disk;
    disk.SetCapacity(room);
    const Told told = Live(&disk);
    EXPECT_TRUE(absl::StrContains(told.error.message(), "/run/journal/")) << told.error;
    EXPECT_TRUE(absl::StrContains(told.error.message(), "No space left")) << told.error;
    EXPECT_FALSE(told.trained);
    disk.SetCapacity(kAllBytes);
    ExpectKept(told, &disk);
  }
}

}  // namespace
}  // namespace drover::experience
