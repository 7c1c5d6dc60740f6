// What every FileSystem keeps: the machine's and the one in memory behave alike until the power fails.
#include "base/file_system.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "base/file.h"
#include "base/testing/memory_file_system.h"

namespace drover {
namespace {

struct Kind {
  const char* name;
  std::function<FileSystem*()> make;
};

class FileSystemTest : public ::testing::TestWithParam<Kind> {
 protected:
  FileSystemTest() : files_(GetParam().make()), folder_(::testing::TempDir() + "/drover_file_system_test") {
    std::filesystem::remove_all(folder_);
    EXPECT_TRUE(MakeFolders(folder_, files_).ok());
  }
  ~FileSystemTest() override {
    std::filesystem::remove_all(folder_);
    if (files_ != PosixFileSystem()) delete files_;
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, std::string_view data) {
    ASSERT_TRUE(WriteFileAtomically(Path(name), data, files_).ok());
  }
  std::string Contents(const std::string& name) { return files_->Read(Path(name), 1000).value_or("(none)"); }
  std::vector<std::string> Names(const std::string& folder) {
    std::vector<std::string> names;
    const std::vector<FolderEntry> entries = files_->List(folder).value();
    for (const FolderEntry& entry : entries) {
      names.push_back(entry.name + (entry.kind == FolderEntry::Kind::kFolder ? "/" : ""));
    }
    return names;
  }

  FileSystem* const files_;
  const std::string folder_;
};

TEST_P(FileSystemTest, FilesGrowAtTheirEnd) {
  for (const char* part : {"abc", "def"}) {
    const auto file = files_->OpenForAppending(Path("f"));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append(part).ok());
    ASSERT_TRUE((*file)->Sync().ok());
    EXPECT_EQ((*file)->size(), Contents("f").size());
  }
  EXPECT_EQ(Contents("f"), "abcdef");
  ASSERT_TRUE(files_->Truncate(Path("f"), 2).ok());
  EXPECT_EQ(Contents("f"), "ab");
  ASSERT_TRUE((*files_->Create(Path("f")))->Append("new").ok());
  EXPECT_EQ(Contents("f"), "new");
}

TEST_P(FileSystemTest, ReadsAtAnyPlace) {
  Write("f", "0123456789");
  const auto file = files_->Open(Path("f"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->size(), 10u);
  EXPECT_EQ((*file)->ReadAt(3, 4).value(), "3456");
  EXPECT_EQ((*file)->ReadAt(8, 4).value(), "89");
  EXPECT_EQ((*file)->ReadAt(10, 4).value(), "");
  EXPECT_EQ((*file)->ReadAt(99, 4).value(), "");
  EXPECT_EQ(files_->Map(Path("f"))->bytes, "0123456789");
  Write("empty", "");
  EXPECT_EQ(files_->Map(Path("empty"))->bytes, "");
}

// A mapping is of the file that was there.
TEST_P(FileSystemTest, AMappingOutlivesTheName) {
  Write("f", "old");
  const MappedFile map = files_->Map(Path("f")).value();
  Write("f", "new");
  EXPECT_EQ(map.bytes, "old");
  EXPECT_EQ(Contents("f"), "new");
}

TEST_P(FileSystemTest, NamesChangeInOneStep) {
  Write("a", "A");
  Write("b", "B");
  ASSERT_TRUE(files_->Rename(Path("a"), Path("b")).ok());
  EXPECT_EQ(Names(folder_), (std::vector<std::string>{"b"}));
  EXPECT_EQ(Contents("b"), "A");
  ASSERT_TRUE(files_->MakeFolder(Path("full")).ok());
  ASSERT_TRUE(files_->MakeFolder(Path("other")).ok());
  Write("full/f", "in full");
  Write("other/f", "in other");
  EXPECT_FALSE(files_->Rename(Path("full"), Path("other")).ok()) << "there are entries in the way";
  ASSERT_TRUE(files_->Exchange(Path("full"), Path("other")).ok());
  EXPECT_EQ(Contents("full/f"), "in other");
  EXPECT_EQ(Contents("other/f"), "in full");
  EXPECT_TRUE(absl::IsNotFound(files_->Rename(Path("missing"), Path("c"))));
  EXPECT_TRUE(absl::IsNotFound(files_->Exchange(Path("missing"), Path("full"))));
}

TEST_P(FileSystemTest, FoldersAreListedInTheOrderOfNames) {
  for (const char* name : {"c", "a"}) Write(name, "");
  ASSERT_TRUE(files_->MakeFolder(Path("b")).ok());
  ASSERT_TRUE(files_->MakeFolder(Path("b")).ok()) << "one that is there is fine";
  EXPECT_FALSE(files_->MakeFolder(Path("a")).ok()) << "a file is in its place";
  EXPECT_EQ(Names(folder_), (std::vector<std::string>{"a", "b/", "c"}));
  EXPECT_FALSE(files_->RemoveEmptyFolder(folder_).ok());
  ASSERT_TRUE(files_->RemoveFile(Path("a")).ok());
  ASSERT_TRUE(files_->RemoveEmptyFolder(Path("b")).ok());
  EXPECT_EQ(Names(folder_), (std::vector<std::string>{"c"}));
}

TEST_P(FileSystemTest, MissingIsNotFoundAndNamed) {
  const std::string path = Path("missing");
  for (const absl::Status& status :
       {files_->Open(path).status(), files_->Read(path, 9).status(), files_->Map(path).status(),
        files_->List(path).status(), files_->Truncate(path, 0), files_->RemoveFile(path),
        files_->RemoveEmptyFolder(path), files_->SyncFolder(path), files_->MakeFolder(path + "/inside"),
        files_->OpenForAppending(path + "/inside").status(), files_->TryLock(path + "/inside").status()}) {
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_NE(status.message().find(path), absl::string_view::npos) << status;
    EXPECT_NE(status.message().find(": cannot "), absl::string_view::npos) << status;
  }
  EXPECT_FALSE(files_->Exists(path).value());
  EXPECT_FALSE(files_->Exists(path + "/inside").value());
  EXPECT_TRUE(files_->Exists(folder_).value());
}

TEST_P(FileSystemTest, FoldersAreNoFiles) {
  EXPECT_TRUE(absl::IsInvalidArgument(files_->Read(folder_, 9).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(files_->Map(folder_).status()));
  EXPECT_FALSE(files_->OpenForAppending(folder_).ok());
  Write("f", "0123456789");
  EXPECT_TRUE(absl::IsResourceExhausted(files_->Read(Path("f"), 9).status()));
  EXPECT_FALSE(files_->List(Path("f")).ok());
}

TEST_P(FileSystemTest, OneHoldsALock) {
  const std::string path = Path("lock");
  EXPECT_FALSE(files_->IsLocked(path));
  {
    const auto lock = files_->TryLock(path);
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_NE(*lock, nullptr);
    EXPECT_TRUE(files_->IsLocked(path));
    EXPECT_EQ(files_->TryLock(path).value(), nullptr);
  }
  EXPECT_FALSE(files_->IsLocked(path));
  EXPECT_NE(files_->TryLock(path).value(), nullptr);
}

TEST_P(FileSystemTest, SaysHowMuchRoomThereIs) {
  const auto room = files_->FreeBytes(folder_);
  ASSERT_TRUE(room.ok()) << room.status();
  EXPECT_GT(*room, 0u);
  EXPECT_EQ(files_->FreeBytes(folder_ + "/nowhere").status().code(), absl::StatusCode::kNotFound);
}

TEST(MemoryFileSystemTest, WhatIsWrittenIsNoLongerFree) {
  testing::MemoryFileSystem files;
  files.SetCapacity(10);
  files.Put("/a", "1234");
  EXPECT_EQ(files.FreeBytes("/").value(), 6u);
  files.SetCapacity(3);
  EXPECT_EQ(files.FreeBytes("/").value(), 0u);
}

INSTANTIATE_TEST_SUITE_P(All, FileSystemTest,
                         ::testing::Values(Kind{"Posix", [] { return PosixFileSystem(); }},
                                           Kind{"Memory", [] { return new testing::MemoryFileSystem; }}),
                         [](const ::testing::TestParamInfo<Kind>& info) { return info.param.name; });

using testing::kAllBytes;
using testing::MemoryFileSystem;

TEST(MemoryFileSystemTest, ACrashForgetsWhatWasNotSynced) {
  MemoryFileSystem disk;
  disk.Put("run/log", "synced");
  const auto file = disk.OpenForAppending("run/log").value();
  ASSERT_TRUE(file->Append("+tail").ok());
  (void)disk.Create("run/new").value();
  EXPECT_EQ(disk.UnsyncedBytes(), 5u);
  EXPECT_EQ(disk.UnsyncedNames(), 1u);
  disk.Crash();
  EXPECT_EQ(disk.Contents("run/log"), "synced");
  EXPECT_EQ(disk.Files(), (std::vector<std::string>{"/run/log"}));
  EXPECT_FALSE(file->Append("x").ok()) << "the process that had it open is gone";
}

TEST(MemoryFileSystemTest, OrKeepsAsMuchAsTheTestSays) {
  const auto log_after = [](const testing::Survival& survival) {
    MemoryFileSystem disk;
    disk.Put("log", "synced");
    EXPECT_TRUE(disk.OpenForAppending("log").value()->Append("+tail").ok());
    disk.Crash(survival);
    return disk.Contents("log");
  };
  EXPECT_EQ(log_after({.bytes = 2}), "synced+t");
  EXPECT_EQ(log_after({.bytes = kAllBytes}), "synced+tail");
  EXPECT_EQ(log_after({.bytes = 1, .zeros = true}), std::string("synced+\0\0\0\0", 11));
}

// The file of the rename is what was durable of it: a name may arrive before the bytes.
TEST(MemoryFileSystemTest, NamesComeInTheirOrder) {
  const auto files_after = [](size_t names, bool sync) {
    MemoryFileSystem disk;
    disk.Put("f", "old");
    const auto file = disk.Create("f.tmp").value();
    EXPECT_TRUE(file->Append("new").ok());
    if (sync) {
      EXPECT_TRUE(file->Sync().ok());
    }
    EXPECT_TRUE(disk.Rename("f.tmp", "f").ok());
    disk.Crash({.names = names});
    EXPECT_EQ(disk.Files().size(), names == 1 ? 2u : 1u);
    return disk.Contents("f");
  };
  EXPECT_EQ(files_after(0, true), "old");
  EXPECT_EQ(files_after(1, true), "old");
  EXPECT_EQ(files_after(2, true), "new");
  EXPECT_EQ(files_after(2, false), "");
}

TEST(MemoryFileSystemTest, ASyncedFolderKeepsItsNames) {
  MemoryFileSystem disk;
  ASSERT_TRUE(disk.MakeFolder("a").ok());
  ASSERT_TRUE((*disk.Create("a/f"))->Sync().ok());
  ASSERT_TRUE(disk.SyncFolder("a").ok());
  MemoryFileSystem* const lost = &disk;
  lost->Crash();
  EXPECT_TRUE(disk.Files().empty()) << "the folder's own name was not synced";
  ASSERT_TRUE(disk.MakeFolder("a").ok());
  ASSERT_TRUE(disk.SyncFolder(".").ok());
  ASSERT_TRUE((*disk.Create("a/f"))->Sync().ok());
  ASSERT_TRUE(disk.SyncFolder("a").ok());
  disk.Crash();
  EXPECT_EQ(disk.Files(), (std::vector<std::string>{"/a/f"}));
}

TEST(MemoryFileSystemTest, AFullDiskTakesWhatFits) {
  MemoryFileSystem disk;
  disk.Put("f", "1234");
  disk.SetCapacity(6);
  const auto file = disk.OpenForAppending("f").value();
  const absl::Status full = file->Append("5678");
  EXPECT_TRUE(absl::IsResourceExhausted(full)) << full;
  EXPECT_NE(full.message().find("f: cannot write"), absl::string_view::npos) << full;
  EXPECT_EQ(disk.Contents("f"), "123456");
  disk.SetCapacity(8);
  EXPECT_TRUE(file->Append("78").ok());
  EXPECT_EQ(disk.UsedBytes(), 8u);
}

}  // namespace
}  // namespace drover
