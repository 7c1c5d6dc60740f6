// A disk in memory that knows what was synced, so that a test can pull the plug: what a machine may forget, it forgets.
//
//   Append ──▶ bytes of the file ──Sync──▶ durable bytes
//   made, renamed, removed ──▶ names of the folder ──SyncFolder──▶ durable names
//   Crash: durable names and bytes stay; of what was not synced as much as the test says
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/file_system.h"

namespace drover::testing {

// How much a crash leaves of what was not synced. Nothing, by default.
struct Survival {
  // The first so many of the changes of names that no SyncFolder covered, in the order in which they were made: a
  // journaling file system writes them in order, at a moment of its own choosing.
  size_t names = 0;
  // Of each file the first so many of the bytes that were appended since its last Sync. All of them: a file that was
  // cut shorter stays so.
  uint64_t bytes = 0;
  // The files are as long as they were; zeros stand where bytes were lost. A file system may lengthen a file before its
  // data arrives.
  bool zeros = false;
};

inline constexpr uint64_t kAllBytes = ~uint64_t{0};

class MemoryFileSystem final : public FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  // The machine loses power and comes up again. Files that were open give errors from now on, locks are free.
  void Crash(const Survival& survival = {});
  // Changes of names that a crash may undo: the range of Survival::names.
  size_t UnsyncedNames() const;
  // The longest tail of a file that a crash may cut off: the range of Survival::bytes.
  uint64_t UnsyncedBytes() const;

  // From now on all files together hold at most so many bytes; an append writes what fits and fails with
  // RESOURCE_EXHAUSTED.
  void SetCapacity(uint64_t bytes);
  uint64_t UsedBytes() const;

  // Makes a file with its folders, durably, as an earlier run left it.
  void Put(const std::string& path, std::string_view data);
  // The contents, "" for what is no file.
  std::string Contents(const std::string& path) const;
  // The paths of all files, in order.
  std::vector<std::string> Files() const;

  absl::StatusOr<std::unique_ptr<AppendFile>> OpenForAppending(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<AppendFile>> Create(const std::string& path) override;
  absl::Status Truncate(const std::string& path, uint64_t bytes) override;
  absl::StatusOr<std::unique_ptr<ReadableFile>> Open(const std::string& path) override;
  absl::StatusOr<std::string> Read(const std::string& path, uint64_t max_bytes) override;
  absl::StatusOr<MappedFile> Map(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Exchange(const std::string& from, const std::string& to) override;
  absl::Status RemoveFile(const std::string& path) override;
  absl::Status RemoveEmptyFolder(const std::string& path) override;
  absl::Status MakeFolder(const std::string& path) override;
  absl::Status SyncFolder(const std::string& path) override;
  absl::StatusOr<std::vector<FolderEntry>> List(const std::string& path) override;
  absl::StatusOr<bool> Exists(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;
  bool IsLocked(const std::string& path) override;
  absl::StatusOr<uint64_t> FreeBytes(const std::string& folder) override;

 private:
  class Appender;
  class Reader;
  class Lock;
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  // One name in one folder; null: it is gone.
  struct Edit {
    NodePtr folder;
    std::string name;
    NodePtr node;
  };
  // Edits of one call: a crash leaves all of them or none.
  using Change = std::vector<Edit>;
  // Where a path leads: its folder and the last name. `node` is null where nothing is.
  struct Place {
    NodePtr folder;
    std::string name;
    NodePtr node;
  };

  absl::StatusOr<Place> Find(const std::string& path, const char* what) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  absl::StatusOr<NodePtr> FindFile(const std::string& path, const char* what) const
      ABSL_SHARED_LOCKS_REQUIRED(mu_);
  absl::StatusOr<NodePtr> FileToWrite(const std::string& path, const char* what)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Make(Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  uint64_t Used() const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  const NodePtr root_;
  std::vector<Change> changes_ ABSL_GUARDED_BY(mu_);  // of names, not synced, in order
  uint64_t capacity_ ABSL_GUARDED_BY(mu_) = kAllBytes;
  uint64_t lives_ ABSL_GUARDED_BY(mu_) = 0;  // crashes so far: what was opened before the last one is dead
};

}  // namespace drover::testing
