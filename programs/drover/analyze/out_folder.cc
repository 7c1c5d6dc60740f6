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

nlohmann::json ToJson(const OutMark& mark) {
  nlohmann::json json = {{"analysis", mark.kind}};
  if (mark.several) json["models"] = "several";
  return json;
}

absl::Status CheckMark(const std::string& out, const OutMark& own) {
  const absl::StatusOr<std::string> mark = ReadFile(out + kMark, kMostMarkBytes);
  if (mark.ok()) {
    const nlohmann::json json = nlohmann::json::parse(*mark, nullptr, /*allow_exceptions=*/false);
    if (json == ToJson(own)) return absl::OkStatus();
    if (json == ToJson({.kind = own.kind, .several = !own.several})) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--out ", out, ": holds an analysis of ", own.several ? "one model" : "several models", "; give ",
          own.several ? "several models" : "one model", " a folder that is new or empty"));
    }
    return absl::InvalidArgumentError(
        absl::StrCat("--out ", out, ": another analysis is in this folder; give one that is new or empty"));
  }
  if (!absl::IsNotFound(mark.status())) return mark.status();
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(out));
  if (!entries.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--out ", out, ": has ", entries[0].name,
                                                   " and no analysis; give a folder that is new or empty"));
  }
  return WriteFileAtomically(out + kMark, ToJson(own).dump() + "\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> OpenOutFolder(const std::string& out, const OutMark& mark) {
  RETURN_IF_ERROR(MakeFolders(out));
  RETURN_IF_ERROR(CheckMark(out, mark));
  ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, PosixFileSystem()->TryLock(out + kLock));
  if (lock == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("--out ", out, ": another process works in this folder"));
  }
  return lock;
}

}  // namespace drover::cli::analyze
