// The journal when the disk fails at any call, tears a write at any byte, fills up, or loses its power: what was
// synced is there, what is there is whole, and an error names the file.
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/testing/faulty_file_system.h"
#include "services/experience/journal.h"
#include "services/experience/record.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using drover::testing::AllFaults;
using drover::testing::AtEveryCall;
using drover::testing::Fault;
using drover::testing::FaultyFileSystem;
using drover::testing::kAllBytes;
using drover::testing::MemoryFileSystem;
using drover::testing::Survival;
using testing::Accepted;
using testing::Issued;
using testing::Started;

constexpr char kFolder[] = "/run/journal";

// Thousands of torn ends are cut off here: their warnings stay out of the test's output.
class JournalFaultsTest : public ::testing::Test {
 protected:
  JournalFaultsTest() { EXPECT_TRUE(log::Start({.level = log::Level::kError}).ok()); }
  ~JournalFaultsTest() override { EXPECT_TRUE(log::Start({}).ok()); }
};

v1::JournalEvent Event(uint64_t lease) { return Issued(lease, lease, 0); }

// The leases that the events of the journal issue, in order.
absl::StatusOr<std::vector<uint64_t>> Replay(FileSystem* files) {
  std::vector<uint64_t> leases;
  const auto journal = Journal::Open(
      kFolder,
      [&](const v1::JournalEvent& event) {
        leases.push_back(event.lease_issued().lease());
        return absl::OkStatus();
      },
      files);
  if (!journal.ok()) return journal.status();
  return leases;
}

// The error that came out is the one of the call that failed, which names the file.
void ExpectSays(const absl::Status& status, const FaultyFileSystem& files) {
  EXPECT_EQ(status.ok(), !files.fired()) << status << "; " << files.said();
  EXPECT_TRUE(status.ok() || absl::StrContains(status.message(), files.said().message())) << status;
}

// 1, 2, ... : what was appended in that order and no more; `least` of them are there.
void ExpectPrefix(const std::vector<uint64_t>& leases, uint64_t least) {
  for (size_t i = 0; i < leases.size(); ++i) EXPECT_EQ(leases[i], i + 1);
  EXPECT_GE(leases.size(), least) << "what was synced is lost";
}

// What a crash may leave, with the bytes that it may cut in steps of `step`.
std::vector<Survival> Crashes(const MemoryFileSystem& disk, uint64_t step) {
  std::vector<Survival> crashes = {{}, {.names = disk.UnsyncedNames(), .bytes = kAllBytes}, {.zeros = true}};
  for (size_t names = 0; names <= disk.UnsyncedNames(); ++names) {
    for (uint64_t bytes = 0; bytes <= disk.UnsyncedBytes(); bytes += step) crashes.push_back({names, bytes});
  }
  return crashes;
}

// Starts a journal, appends six events in three syncs, ends. Returns how many a sync made durable.
uint64_t SixEvents(FileSystem* files, absl::Status* first_error) {
  const auto journal = Journal::Open(
      kFolder, [](const auto&) { return absl::OkStatus(); }, files);
  *first_error = journal.status();
  if (!journal.ok()) return 0;
  uint64_t synced = 0;
  for (uint64_t lease = 1; lease <= 6; lease += 2) {
    absl::Status status = (*journal)->Append({Event(lease), Event(lease + 1)});
    if (status.ok()) status = (*journal)->SyncEvents();
    if (first_error->ok()) *first_error = status;
    if (status.ok()) synced = lease + 1;
    EXPECT_EQ(status.ok(), first_error->ok()) << "after an error nothing is taken any more";
  }
  return synced;
}

TEST_F(JournalFaultsTest, EventsThatWereSyncedAreThereWhereverTheDiskFails) {
  for (const Fault& fault : AllFaults()) {
    bool more = true;
    for (size_t crash = 0; more; ++crash) {
      more = false;
      const uint64_t calls = AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        absl::Status error;
        const uint64_t synced = SixEvents(&files, &error);
        ExpectSays(error, files);
        const std::vector<Survival> crashes = Crashes(disk, /*step=*/5);
        more = more || crash + 1 < crashes.size();
        disk.Crash(crashes[std::min(crash, crashes.size() - 1)]);
        const auto leases = Replay(&disk);
        ASSERT_TRUE(leases.ok()) << leases.status();
        ExpectPrefix(*leases, synced);
      });
      ASSERT_GT(calls, 10u);
    }
  }
}

// The process alone dies: what was written stays, and the next one goes on behind it.
TEST_F(JournalFaultsTest, AWriteThatIsTornAtAnyByteIsCutOff) {
  const size_t record = kRecordOverhead + Event(4).SerializeAsString().size();
  for (size_t torn = 0; torn <= record; ++torn) {
    MemoryFileSystem disk;
    FaultyFileSystem files(&disk);
    const auto ignore = [](const auto&) { return absl::OkStatus(); };
    {
      const auto journal = Journal::Open(kFolder, ignore, &files).value();
      ASSERT_TRUE(journal->Append({Event(1), Event(2), Event(3)}).ok());
      files.FailAt(1, {.only = drover::testing::FileCall::kAppend, .torn_bytes = torn});
      EXPECT_FALSE(journal->Append({Event(4)}).ok());
      EXPECT_FALSE(journal->Append({Event(4)}).ok()) << "it would stand behind part of a record";
      EXPECT_FALSE(journal->SyncEvents().ok());
    }
    const auto leases = Replay(&disk);
    ASSERT_TRUE(leases.ok()) << torn << ": " << leases.status();
    EXPECT_EQ(leases->size(), torn == record ? 4u : 3u) << torn;
    ASSERT_TRUE(Journal::Open(kFolder, ignore, &disk).value()->Append({Event(5)}).ok());
    EXPECT_EQ(Replay(&disk)->back(), 5u);
  }
}

// A second sync may say OK though what the first was to write is lost.
TEST_F(JournalFaultsTest, AfterASyncThatFailedNoneSucceeds) {
  MemoryFileSystem disk;
  FaultyFileSystem files(&disk);
  const auto journal = Journal::Open(
                           kFolder, [](const auto&) { return absl::OkStatus(); }, &files)
                           .value();
  ASSERT_TRUE(journal->Append({Event(1)}).ok());
  files.FailAt(1, {.only = drover::testing::FileCall::kSync});
  const absl::Status failed = journal->SyncEvents();
  ExpectSays(failed, files);
  EXPECT_EQ(journal->SyncEvents(), failed);
  EXPECT_EQ(journal->Append({Event(2)}), failed);
}

TEST_F(JournalFaultsTest, AnOpenThatFailsChangesNothingThatCounts) {
  for (const Fault& fault : AllFaults()) {
    const uint64_t calls = AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
      absl::Status error;
      ASSERT_EQ(SixEvents(&disk, &error), 6u);
      // The torn end of an append, which Open cuts off.
      ASSERT_TRUE(disk.OpenForAppending(std::string(kFolder) + "/events.log").value()->Append("torn").ok());
      const auto leases = Replay(&files);
      ExpectSays(leases.status(), files);
      EXPECT_FALSE(absl::IsDataLoss(leases.status())) << "the disk's error is no damage: " << leases.status();
      disk.Crash();
      const auto again = Replay(&disk);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_EQ(again->size(), 6u);
    });
    EXPECT_GT(calls, 6u);
  }
}

// Stores groups as the store does: group, sync, event, sync. Returns how many were acknowledged.
uint64_t StoreGroups(FileSystem* files, absl::Status* error) {
  const auto journal = Journal::Open(
      kFolder, [](const auto&) { return absl::OkStatus(); }, files);
  *error = journal.status();
  if (!journal.ok()) return 0;
  for (uint64_t lease = 1; lease <= 4; ++lease) {
    if (lease == 3) (*journal)->BeginSegment();
    const auto location = (*journal)->AppendGroup(absl::StrCat("group of lease ", lease));
    *error = location.status();
    if (error->ok()) *error = (*journal)->SyncGroups();
    if (error->ok()) {
      v1::JournalEvent event = Accepted(lease, 0);
      event.mutable_group_accepted()->set_segment(location->segment);
      event.mutable_group_accepted()->set_offset(location->offset);
      *error = (*journal)->Append({event});
    }
    if (error->ok()) *error = (*journal)->SyncEvents();
    if (!error->ok()) return lease - 1;
  }
  return 4;
}

// Every group that an event names is there, whole; returns how many.
uint64_t CountGroups(FileSystem* files) {
  std::vector<v1::GroupAccepted> accepted;
  const auto journal = Journal::Open(
      kFolder,
      [&](const v1::JournalEvent& event) {
        accepted.push_back(event.group_accepted());
        return absl::OkStatus();
      },
      files);
  EXPECT_TRUE(journal.ok()) << journal.status();
  if (!journal.ok()) return 0;
  for (const v1::GroupAccepted& group : accepted) {
    const auto payload = (*journal)->ReadGroup({group.segment(), group.offset()});
    EXPECT_EQ(payload.value_or(payload.status().ToString()), absl::StrCat("group of lease ", group.lease()));
  }
  return accepted.size();
}

TEST_F(JournalFaultsTest, AnEventNamesAGroupThatIsThere) {
  for (const Fault& fault : AllFaults()) {
    bool more = true;
    for (size_t crash = 0; more; ++crash) {
      more = false;
      AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        absl::Status error;
        const uint64_t acknowledged = StoreGroups(&files, &error);
        ExpectSays(error, files);
        const std::vector<Survival> crashes = Crashes(disk, /*step=*/9);
        more = more || crash + 1 < crashes.size();
        disk.Crash(crashes[std::min(crash, crashes.size() - 1)]);
        EXPECT_GE(CountGroups(&disk), acknowledged);
      });
    }
  }
}

TEST_F(JournalFaultsTest, AFullDiskAcknowledgesNothingThatDoesNotFit) {
  MemoryFileSystem roomy;
  absl::Status error;
  ASSERT_EQ(StoreGroups(&roomy, &error), 4u);
  for (uint64_t room = 0; room < roomy.UsedBytes(); ++room) {
    SCOPED_TRACE(room);
    MemoryFileSystem disk;
    disk.SetCapacity(room);
    const uint64_t acknowledged = StoreGroups(&disk, &error);
    EXPECT_TRUE(absl::IsResourceExhausted(error)) << error;
    EXPECT_TRUE(absl::StrContains(error.message(), "/run/journal/")) << error;
    disk.SetCapacity(kAllBytes);
    EXPECT_GE(CountGroups(&disk), acknowledged);
  }
}

}  // namespace
}  // namespace drover::experience
