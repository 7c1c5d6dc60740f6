#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

#include "base/status.h"

namespace drover {
namespace {

// The folder that holds `path`.
std::string FolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes, FileSystem* files) {
  return files->Read(path, max_bytes);
}

absl::StatusOr<FileReplacement> FileReplacement::Begin(const std::string& path, FileSystem* files) {
  const std::string temporary = absl::StrCat(path, ".tmp.", ::getpid());
  ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file, files->Create(temporary));
  return FileReplacement(path, temporary, std::move(file), files);
}

FileReplacement::~FileReplacement() {
  // What a crash would leave too: nobody reads it.
  if (file_ != nullptr) files_->RemoveFile(temporary_).IgnoreError();
}

absl::Status FileReplacement::Append(std::string_view data) { return file_->Append(data); }

absl::Status FileReplacement::Commit() {
  RETURN_IF_ERROR(file_->Sync());
  RETURN_IF_ERROR(files_->Rename(temporary_, path_));
  file_.reset();
  return files_->SyncFolder(FolderOf(path_));
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view data, FileSystem* files) {
  ASSIGN_OR_RETURN(FileReplacement file, FileReplacement::Begin(path, files));
  RETURN_IF_ERROR(file.Append(data));
  return file.Commit();
}

bool MayBeReplaced(const std::string& path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0) return errno == ENOENT;
  return S_ISREG(info.st_mode);
}

absl::Status RemoveFolder(const std::string& path, FileSystem* files) {
  const absl::StatusOr<std::vector<FolderEntry>> entries = files->List(path);
  if (absl::IsNotFound(entries.status())) return absl::OkStatus();
  RETURN_IF_ERROR(entries.status());
  for (const FolderEntry& entry : *entries) {
    const std::string inside = absl::StrCat(path, "/", entry.name);
    const bool folder = entry.kind == FolderEntry::Kind::kFolder;
    const absl::Status removed = folder ? RemoveFolder(inside, files) : files->RemoveFile(inside);
    if (!absl::IsNotFound(removed)) RETURN_IF_ERROR(removed);
  }
  return files->RemoveEmptyFolder(path);
}

absl::Status ReplaceFolder(const std::string& from, const std::string& to, FileSystem* files) {
  bool full = false;  // there are entries in the way
  if (const auto there = files->List(to); there.ok()) {
    full = !there->empty();
  } else if (!absl::IsNotFound(there.status())) {
    return there.status();
  }
  absl::Status exchanged = full ? files->Exchange(from, to) : absl::UnimplementedError("not needed");
  if (exchanged.ok()) {
    // Durable before the old one loses its first file: a crash must not bring it back under the name without it.
    RETURN_IF_ERROR(files->SyncFolder(FolderOf(to)));
    return RemoveFolder(from, files);
  }
  if (!absl::IsUnimplemented(exchanged)) return exchanged;
  if (full) RETURN_IF_ERROR(RemoveFolder(to, files));
  RETURN_IF_ERROR(files->Rename(from, to));
  return files->SyncFolder(FolderOf(to));
}

absl::Status MakeFolders(const std::string& path, FileSystem* files) {
  std::vector<std::string> missing;  // the innermost first
  for (std::filesystem::path at = path; !at.empty(); at = at.parent_path()) {
    ASSIGN_OR_RETURN(const bool there, files->Exists(at.string()));
    if (there) break;
    if (at.has_filename()) missing.push_back(at.string());
  }
  if (missing.empty()) return files->MakeFolder(path);  // says what else is there
  for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
    RETURN_IF_ERROR(files->MakeFolder(*folder));
    RETURN_IF_ERROR(files->SyncFolder(FolderOf(*folder)));
  }
  return absl::OkStatus();
}

}  // namespace drover
