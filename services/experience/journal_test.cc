#include "services/experience/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "services/experience/record.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

using testing::Accepted;
using testing::Issued;
using testing::Started;
using testing::TempFolder;

absl::Status Ignore(const v1::JournalEvent&) { return absl::OkStatus(); }

std::unique_ptr<Journal> MustOpen(const std::string& folder, const EventVisitor& replay = Ignore) {
  auto journal = Journal::Open(folder, replay);
  EXPECT_TRUE(journal.ok()) << journal.status();
  return journal.ok() ? *std::move(journal) : nullptr;
}

int CountEvents(const std::string& folder) {
  int events = 0;
  const auto end = ReadEvents(folder, [&](const auto&) {
    ++events;
    return absl::OkStatus();
  });
  EXPECT_TRUE(end.ok()) << end.status();
  return events;
}

std::vector<std::string> Segments(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().rfind("groups-", 0) == 0) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(JournalTest, EventsComeBackInOrder) {
  TempFolder run;
  const std::string folder = JournalFolder(run.path());
  {
    auto journal = MustOpen(folder);
    ASSERT_TRUE(journal->Append({Started(1, 0), Issued(1, 0, 0)}).ok());
    ASSERT_TRUE(journal->Append({Accepted(1, 0)}).ok());
    ASSERT_TRUE(journal->SyncEvents().ok());
  }
  std::vector<v1::JournalEvent> events;
  auto journal = MustOpen(folder, [&](const v1::JournalEvent& event) {
    events.push_back(event);
    return absl::OkStatus();
  });
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].SerializeAsString(), Issued(1, 0, 0).SerializeAsString());
  EXPECT_EQ(events[2].SerializeAsString(), Accepted(1, 0).SerializeAsString());
}

TEST(JournalTest, TornTailIsCutOffByTheWriterAndLeftByAReader) {
  TempFolder run;
  const std::string folder = JournalFolder(run.path());
  const std::string path = folder + "/events.log";
  ASSERT_TRUE(MustOpen(folder)->Append({Started(1, 0), Issued(1, 0, 0)}).ok());
  const auto whole = std::filesystem::file_size(path);
  std::ofstream(path, std::ios::app | std::ios::binary) << "torn";
  auto end = ReadEvents(folder, Ignore);
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->intact_bytes, whole);
  EXPECT_NE(end->torn, "");
  EXPECT_EQ(std::filesystem::file_size(path), whole + 4);
  {
    auto journal = MustOpen(folder);
    EXPECT_EQ(std::filesystem::file_size(path), whole);
    ASSERT_TRUE(journal->Append({Accepted(1, 0)}).ok());
  }
  EXPECT_EQ(CountEvents(folder), 3);
}

TEST(JournalTest, DamageBeforeTheEndIsAnErrorAndChangesNothing) {
  TempFolder run;
  const std::string folder = JournalFolder(run.path());
  const std::string path = folder + "/events.log";
  ASSERT_TRUE(MustOpen(folder)->Append({Started(1, 0), Issued(1, 0, 0), Accepted(1, 0)}).ok());
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(kHeaderBytes + kRecordOverhead);
    file.put('\x7f');
  }
  const auto size = std::filesystem::file_size(path);
  const absl::Status status = Journal::Open(folder, Ignore).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("events.log: damaged at offset 16"), absl::string_view::npos) << status;
  EXPECT_EQ(std::filesystem::file_size(path), size);
}

TEST(JournalTest, AnEventThatTheVisitorRefusesNamesItsPlace) {
  TempFolder run;
  const std::string folder = JournalFolder(run.path());
  ASSERT_TRUE(MustOpen(folder)->Append({Started(1, 0), Started(2, 0)}).ok());
  int events = 0;
  const auto refuse_second = [&](const auto&) {
    return ++events == 2 ? absl::FailedPreconditionError("illegal") : absl::OkStatus();
  };
  const absl::Status status = Journal::Open(folder, refuse_second).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("event at offset"), absl::string_view::npos) << status;
}

TEST(JournalTest, OneWriterAtATime) {
  TempFolder run;
  const std::string folder = JournalFolder(run.path());
  auto journal = MustOpen(folder);
  const absl::Status status = Journal::Open(folder, Ignore).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << "the same call works once the other is gone";
  EXPECT_NE(status.message().find("another process"), absl::string_view::npos);
  journal.reset();
  MustOpen(folder);
}

TEST(JournalTest, GroupsAreFoundWhereTheyWerePut) {
  TempFolder run;
  const std::string folder = JournalFolder(run.path());
  auto journal = MustOpen(folder);
  const auto first = journal->AppendGroup("first");
  const auto second = journal->AppendGroup(std::string(100000, 's'));
  journal->BeginSegment();
  const auto third = journal->AppendGroup("third");
  ASSERT_TRUE(journal->SyncGroups().ok());
  ASSERT_TRUE(first.ok() && second.ok() && third.ok());
  EXPECT_EQ(first->segment, 1u);
  EXPECT_EQ(second->segment, 1u);
  EXPECT_EQ(third->segment, 2u);
  EXPECT_EQ(*journal->ReadGroup(*first), "first");
  EXPECT_EQ(journal->ReadGroup(*second)->size(), 100000u);
  EXPECT_EQ(*journal->ReadGroup(*third), "third");
  EXPECT_EQ(journal->ReadGroup({1, first->offset + 1}).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(journal->ReadGroup({7, 16}).status().code(), absl::StatusCode::kNotFound);
}

TEST(JournalTest, EveryStartBeginsASegmentAboveAllNamed) {
  TempFolder run;
  const std::string folder = JournalFolder(run.path());
  EXPECT_EQ(MustOpen(folder)->AppendGroup("a")->segment, 1u);
  EXPECT_EQ(MustOpen(folder)->AppendGroup("b")->segment, 2u);
  auto journal = MustOpen(folder);
  journal->SkipSegments(9);
  EXPECT_EQ(journal->AppendGroup("c")->segment, 10u);
  EXPECT_EQ(Segments(folder),
            (std::vector<std::string>{"groups-000001.log", "groups-000002.log", "groups-000010.log"}));
}

TEST(JournalTest, DeletesSegmentsBelowButNeverTheOneBeingWritten) {
  TempFolder run;
  const std::string folder = JournalFolder(run.path());
  auto journal = MustOpen(folder);
  for (int i = 0; i < 3; ++i) {
    journal->BeginSegment();
    ASSERT_TRUE(journal->AppendGroup("g").ok());
  }
  std::ofstream(folder + "/groups-notes.txt") << "not ours";
  ASSERT_TRUE(journal->DeleteSegments(2).ok());
  EXPECT_EQ(Segments(folder),
            (std::vector<std::string>{"groups-000002.log", "groups-000003.log", "groups-notes.txt"}));
  ASSERT_TRUE(journal->DeleteSegments(std::nullopt).ok());
  EXPECT_EQ(Segments(folder), (std::vector<std::string>{"groups-000003.log", "groups-notes.txt"}));
}

}  // namespace
}  // namespace drover::experience
