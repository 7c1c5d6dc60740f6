// What file.h promises when any call of the disk fails, or the machine dies at it.
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "base/file.h"
#include "base/folder_digests.h"
#include "base/testing/faulty_file_system.h"

namespace drover {
namespace {

using testing::AllFaults;
using testing::AtEveryCall;
using testing::FaultyFileSystem;
using testing::kAllBytes;
using testing::MemoryFileSystem;
using testing::Survival;

bool Holds(const absl::Status& status, const absl::Status& cause) {
  return absl::StrContains(status.message(), cause.message());
}

// Every crash that the disk may have now is one of these.
std::vector<Survival> Crashes(size_t unsynced_names) {
  std::vector<Survival> crashes;
  for (size_t names = 0; names <= unsynced_names; ++names) {
    for (uint64_t bytes : {uint64_t{0}, uint64_t{1}, kAllBytes}) crashes.push_back({names, bytes});
    crashes.push_back({.names = names, .bytes = 1, .zeros = true});
  }
  return crashes;
}

// Runs `attempt` with each fault at each of its calls and each crash after it; then `check` is told whether it was
// done.
void WithEveryCrash(const std::function<absl::Status(MemoryFileSystem& disk, FileSystem* files)>& attempt,
                    const std::function<void(MemoryFileSystem& disk, const absl::Status& status)>& check) {
  for (const testing::Fault& fault : AllFaults()) {
    bool more = true;
    for (size_t crash = 0; more; ++crash) {
      more = false;
      const uint64_t calls = AtEveryCall(fault, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
        const absl::Status status = attempt(disk, &files);
        EXPECT_EQ(status.ok(), !files.fired());
        EXPECT_TRUE(status.ok() || Holds(status, files.said())) << status << " for " << files.said();
        const std::vector<Survival> crashes = Crashes(disk.UnsyncedNames());
        more = more || crash + 1 < crashes.size();
        disk.Crash(crashes[std::min(crash, crashes.size() - 1)]);
        check(disk, status);
      });
      EXPECT_GT(calls, 2u) << "no call was met";
    }
  }
}

TEST(FileFaultsTest, AFileIsReplacedWholeOrNotAtAll) {
  WithEveryCrash(
      [](MemoryFileSystem& disk, FileSystem* files) {
        disk.Put("/run/file", "the old one");
        return WriteFileAtomically("/run/file", "the new one, longer", files);
      },
      [](MemoryFileSystem& disk, const absl::Status& status) {
        const std::string found = disk.Contents("/run/file");
        EXPECT_TRUE(found == "the new one, longer" || (!status.ok() && found == "the old one")) << found;
      });
}

TEST(FileFaultsTest, AReplacementThatFailsLeavesNoFileBehind) {
  AtEveryCall({}, [](MemoryFileSystem& disk, FaultyFileSystem& files) {
    disk.Put("/run/file", "old");
    const absl::Status status = WriteFileAtomically("/run/file", "new", &files);
    EXPECT_EQ(status.ok(), !files.fired());
    EXPECT_EQ(disk.Files(), (std::vector<std::string>{"/run/file"}));
  });
}

TEST(FileFaultsTest, AFullDiskLeavesTheOldFile) {
  const std::string text(40, 'x');
  for (uint64_t room = 0; room < text.size(); ++room) {
    MemoryFileSystem disk;
    disk.Put("/run/file", "old");
    disk.SetCapacity(3 + room);
    const absl::Status status = WriteFileAtomically("/run/file", text, &disk);
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), "/run/file.tmp")) << status;
    EXPECT_EQ(disk.Contents("/run/file"), "old");
    EXPECT_EQ(disk.UsedBytes(), 3u);
  }
}

TEST(FileFaultsTest, FoldersThatWereMadeStay) {
  WithEveryCrash(
      [](MemoryFileSystem& disk, FileSystem* files) {
        disk.Put("/runs/other", "");
        return MakeFolders("/runs/a/b", files);
      },
      [](MemoryFileSystem& disk, const absl::Status& status) {
        EXPECT_TRUE(!status.ok() || disk.Exists("/runs/a/b").value());
      });
}

// Under its name there is the old folder, whole, or the new one.
TEST(FileFaultsTest, AFolderIsReplacedWholeOrNotAtAll) {
  for (const bool replaces : {false, true}) {
    WithEveryCrash(
        [&](MemoryFileSystem& disk, FileSystem* files) {
          if (replaces) disk.Put("/run/model/config", "old");
          if (replaces) disk.Put("/run/model/weights", "old");
          disk.Put("/run/model.tmp/config", "new");
          disk.Put("/run/model.tmp/weights", "new");
          return ReplaceFolder("/run/model.tmp", "/run/model", files);
        },
        [&](MemoryFileSystem& disk, const absl::Status& status) {
          const std::string config = disk.Contents("/run/model/config");
          EXPECT_EQ(config, disk.Contents("/run/model/weights"));
          EXPECT_TRUE(config == "new" || (!status.ok() && config == (replaces ? "old" : ""))) << config;
        });
  }
}

TEST(FileFaultsTest, DigestsThatCannotBeReadAreNoDamage) {
  uint64_t unlucky = 0;
  AtEveryCall({}, [&](MemoryFileSystem& disk, FaultyFileSystem& files) {
    disk.Put("/c/a", "A");
    disk.Put("/c/b", "B");
    ASSERT_TRUE(WriteFolderDigests("/c", &disk).ok());
    const absl::Status status = CheckFolderDigests("/c", &files);
    EXPECT_EQ(status.ok(), !files.fired());
    EXPECT_FALSE(absl::IsDataLoss(status)) << "an error of the disk is not what the folder holds: " << status;
    EXPECT_TRUE(status.ok() || Holds(status, files.said())) << status;
    ++unlucky;
  });
  EXPECT_GT(unlucky, 4u);
}

}  // namespace
}  // namespace drover
