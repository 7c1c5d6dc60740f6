// The seam between the program and its disk. Everything that keeps a promise about files (the journal, checkpoints,
// the run folder) reaches them through this interface, so that a unit test can put another disk in its place:
//
//   journal, checkpoints, ──▶ base/file.h ──▶ FileSystem ◀── PosixFileSystem()              the machine's
//   run folder                (protocols)     (calls)    ◀── testing/memory_file_system.h   forgets what was not synced
//                                                        ◀── testing/faulty_file_system.h   fails at any call
//
// What is durable, as every implementation keeps it: the bytes of a file once its Sync returned OK; a name (a file or
// folder made, renamed or removed) once SyncFolder of the folder that holds it did. After a crash of the machine
// anything else may be there or not; after one of the process alone all of it is there.
//
// Errors carry the path, what was tried and the system's reason.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover {

// A file that grows at its end. Not thread-safe, except that Sync may run beside Append; closed when it goes.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  // Appends all of `data`. After an error the file may end in part of it.
  virtual absl::Status Append(std::string_view data) = 0;
  // What was appended survives a power loss once this returns OK. After an error it may be lost, though a later call
  // says OK.
  virtual absl::Status Sync() = 0;
  // Bytes in the file.
  virtual uint64_t size() const = 0;
};

// A file that is read at any place. Thread-safe.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  // Bytes when it was opened.
  virtual uint64_t size() const = 0;
  // `bytes` bytes from `offset`; fewer where the file ends.
  virtual absl::StatusOr<std::string> ReadAt(uint64_t offset, size_t bytes) const = 0;
};

// A whole file in memory; `bytes` live as long as a copy of `owner` does.
struct MappedFile {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
};

// Held while it lives; a process that dies lets go of it.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct FolderEntry {
  enum class Kind { kFile, kFolder, kOther };  // of the entry itself: a link is kOther
  std::string name;
  Kind kind = Kind::kFile;
};

// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Opens a file to append at its end; makes an empty one where there is none.
  virtual absl::StatusOr<std::unique_ptr<AppendFile>> OpenForAppending(const std::string& path) = 0;
  // The same for a file that is empty, whatever was there.
  virtual absl::StatusOr<std::unique_ptr<AppendFile>> Create(const std::string& path) = 0;
  virtual absl::Status Truncate(const std::string& path, uint64_t bytes) = 0;

  // NOT_FOUND when it is not there, as for all that read.
  virtual absl::StatusOr<std::unique_ptr<ReadableFile>> Open(const std::string& path) = 0;
  // The whole of a file, which may be a pipe. RESOURCE_EXHAUSTED above `max_bytes`, INVALID_ARGUMENT for a folder.
  virtual absl::StatusOr<std::string> Read(const std::string& path, uint64_t max_bytes) = 0;
  // The whole of a plain file, not copied where the system can do without. INVALID_ARGUMENT for what is no plain file.
  virtual absl::StatusOr<MappedFile> Map(const std::string& path) = 0;

  // `from` takes the place of `to`, in one step: nothing, a file, or (a folder's) an empty folder.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  // Both change names in one step. UNIMPLEMENTED where the file system cannot (NFS).
  virtual absl::Status Exchange(const std::string& from, const std::string& to) = 0;
  virtual absl::Status RemoveFile(const std::string& path) = 0;
  virtual absl::Status RemoveEmptyFolder(const std::string& path) = 0;

  // One that is there is fine; its parent must be.
  virtual absl::Status MakeFolder(const std::string& path) = 0;
  // Makes the names in the folder durable.
  virtual absl::Status SyncFolder(const std::string& path) = 0;
  // In the order of names.
  virtual absl::StatusOr<std::vector<FolderEntry>> List(const std::string& path) = 0;
  // Links are followed. An error: nobody knows.
  virtual absl::StatusOr<bool> Exists(const std::string& path) = 0;

  // Makes the file when it is missing and locks it. Null while another holds the lock, in this process or another.
  virtual absl::StatusOr<std::unique_ptr<FileLock>> TryLock(const std::string& path) = 0;
  // Another holds it now.
  virtual bool IsLocked(const std::string& path) = 0;

  // Bytes that this process may still write to the disk that holds the folder.
  virtual absl::StatusOr<uint64_t> FreeBytes(const std::string& folder) = 0;
};

// The machine's files. It has no state; never destroyed.
FileSystem* PosixFileSystem();

// "path: cannot WHAT: the system's reason for errno", with the status code that errno maps to.
absl::Status ErrnoError(std::string_view path, std::string_view what);

}  // namespace drover
