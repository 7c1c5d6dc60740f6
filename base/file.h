// How files are read and replaced so that what checkpoints and journals promise holds, over any FileSystem. Errors
// carry the path, what was tried and the system's reason.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover {

inline constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

// The whole file; RESOURCE_EXHAUSTED above `max_bytes`, NOT_FOUND when it is not there.
absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes = kMaxFileBytes,
                                     FileSystem* files = PosixFileSystem());

// A file that takes the place of what is at its path once it is whole, so that a reader sees the old file or the new
// one, also after a crash: a temporary file beside it, sync, rename, sync of the folder. Not thread-safe.
class FileReplacement {
 public:
  static absl::StatusOr<FileReplacement> Begin(const std::string& path,
                                               FileSystem* files = PosixFileSystem());
  FileReplacement(FileReplacement&&) = default;
  // Removes the temporary file, unless it was committed.
  ~FileReplacement();

  absl::Status Append(std::string_view data);
  // Once, last. After an error the old file is there or the new one, whole.
  absl::Status Commit();

 private:
  FileReplacement(std::string path, std::string temporary, std::unique_ptr<AppendFile> file,
                  FileSystem* files)
      : path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)), files_(files) {}

  std::string path_;
  std::string temporary_;
  std::unique_ptr<AppendFile> file_;  // null once it was committed
  FileSystem* files_;
};

// Replaces the file at `path` by `data`, durably.
absl::Status WriteFileAtomically(const std::string& path, std::string_view data,
                                 FileSystem* files = PosixFileSystem());

// True where a command may put its output by renaming a finished file to `path`: nothing is there, or a plain file.
// Pipes and devices are not, nor are links: /dev/stdout is one, and to replace it would take it from every process.
bool MayBeReplaced(const std::string& path);

// The folder `from` takes the place of `to`, durably. Where `to` has entries the two are exchanged in one step, so
// that under its name there is a whole folder at any moment, and the old one is removed; on a file system that cannot
// exchange (NFS) the old one is removed first.
absl::Status ReplaceFolder(const std::string& from, const std::string& to,
                           FileSystem* files = PosixFileSystem());

// rm -r; nothing there is fine. Not durable before the folder around it is synced.
absl::Status RemoveFolder(const std::string& path, FileSystem* files = PosixFileSystem());

// mkdir -p, durably.
absl::Status MakeFolders(const std::string& path, FileSystem* files = PosixFileSystem());

}  // namespace drover
