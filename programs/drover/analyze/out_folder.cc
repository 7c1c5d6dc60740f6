#include "programs/drover/analyze/out_folder.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::cli::analyze {
namespace {

constexpr char kMark[] = "/analysis.json", kLock[] = "/lock";
constexpr uint64_t kMostMarkBytes = 1 << 20;

absl::Status CheckMark(const std::string& out, const std::string& kind) {
  const absl::StatusOr<std::string> mark = ReadFile(out + kMark, kMostMarkBytes);
  if (mark.ok()) {
    const nlohmann::json json = nlohmann::json::parse(*mark, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.contains("analysis") && json["analysis"] == kind) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("--out ", out, ": another analysis is in this folder; give one that is new or empty"));
  }
  if (!absl::IsNotFound(mark.status())) return mark.status();
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(out));
  if (!entries.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--out ", out, ": has ", entries[0].name,
                                                   " and no analysis; give a folder that is new or empty"));
  }
  const nlohmann::json json = {{"analysis", kind}};
  return WriteFileAtomically(out + kMark, json.dump() + "\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> OpenOutFolder(const std::string& out, const std::string& kind) {
  RETURN_IF_ERROR(MakeFolders(out));
  RETURN_IF_ERROR(CheckMark(out, kind));
  ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, PosixFileSystem()->TryLock(out + kLock));
  if (lock == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("--out ", out, ": another process works in this folder"));
  }
  return lock;
}

}  // namespace drover::cli::analyze
