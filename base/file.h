// Files with the durability that checkpoints and journals need. Errors carry the path and the system's
// reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover {

// The whole file; RESOURCE_EXHAUSTED above `max_bytes`, NOT_FOUND when it is not there.
absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes = uint64_t{1} << 30);

// Writes `data` to `path` so that a reader sees the old file or the whole new one, also after a crash: a
// temporary file beside it, fsync, rename, fsync of the folder.
absl::Status WriteFileAtomically(const std::string& path, std::string_view data);

// True where a command may put its output by renaming a finished file to `path`: nothing is there, or a plain file.
// Pipes and devices are not, nor are links: /dev/stdout is one, and to replace it would take it from every process.
bool MayBeReplaced(const std::string& path);

// The folder `from` takes the place of `to`, durably. Where `to` has entries the two are exchanged in one step, so that
// under its name there is a whole folder at any moment, and the old one is removed; on a file system that cannot exchange
// (NFS) the old one is removed first.
absl::Status ReplaceFolder(const std::string& from, const std::string& to);

// rm -r; nothing there is fine.
absl::Status RemoveFolder(const std::string& path);

// Another process holds flock(LOCK_EX) on the file.
bool IsLocked(const std::string& path);

// Makes the entries of folder `path` durable (after creating or renaming a file in it).
absl::Status SyncFolder(const std::string& path);

// mkdir -p.
absl::Status MakeFolders(const std::string& path);

// "path: what failed: the system's reason for errno", with the status code that errno maps to.
absl::Status ErrnoError(std::string_view path, std::string_view what);

// An append-only file. Not thread-safe.
class AppendFile {
 public:
  // Creates the file when missing; appends at its end.
  static absl::StatusOr<AppendFile> Open(const std::string& path);
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  ~AppendFile();

  // Appends all of `data` (retrying short writes).
  absl::Status Append(std::string_view data);
  // fdatasync: what was appended survives a power loss once this returns OK.
  absl::Status Sync();
  // Bytes in the file.
  uint64_t size() const { return size_; }

 private:
  AppendFile(std::string path, int fd, uint64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}
  std::string path_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

}  // namespace drover
