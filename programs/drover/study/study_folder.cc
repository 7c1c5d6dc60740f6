#include "programs/drover/study/study_folder.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "google/protobuf/text_format.h"
#include "services/run/run_lock.h"

namespace drover::study_command {
namespace {

std::string PlanText(const study::Definition& definition, const study::Extent& extent) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(definition.study, &text);
  const nlohmann::ordered_json plan = {{"study", definition.name},
                                       {"quick", extent.quick},
                                       {"seeds", extent.Seeds(definition.study)},
                                       {"model", extent.model},
                                       {"definition", text}};
  return plan.dump(1) + "\n";
}

// Nothing is there but what a start that was cut off has left.
absl::StatusOr<bool> IsNew(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(path));
  for (const FolderEntry& entry : entries) {
    if (entry.name != "lock" && entry.name.rfind("plan.json", 0) != 0) return false;
  }
  return true;
}

absl::Status CheckPlan(const std::string& path, const std::string& plan) {
  const std::string file = path + "/plan.json";
  const auto there = ReadFile(file);
  if (there.ok() && *there == plan) return absl::OkStatus();
  if (there.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--out ", path, " holds a study that was asked for otherwise (see ", file,
        "): the same name, --quick, --seeds and --model go on with it, another folder begins anew"));
  }
  if (!absl::IsNotFound(there.status())) return there.status();
  ASSIGN_OR_RETURN(const bool is_new, IsNew(path));
  if (!is_new)
    return absl::InvalidArgumentError(
        absl::StrCat("--out ", path, " is neither empty nor the folder of a study"));
  return WriteFileAtomically(file, plan);
}

double SecondsSoFar(const std::string& path) {
  const auto text = ReadFile(path + "/clock.json");
  if (!text.ok()) return 0;
  const auto clock = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  const auto seconds = clock.is_object() ? clock.find("seconds") : clock.end();
  return clock.is_object() && seconds != clock.end() && seconds->is_number() ? seconds->get<double>() : 0;
}

}  // namespace

absl::StatusOr<StudyFolder> StudyFolder::Take(const std::string& path, const study::Definition& definition,
                                              const study::Extent& extent) {
  RETURN_IF_ERROR(MakeFolders(path));
  ASSIGN_OR_RETURN(std::unique_ptr<FileLock> lock, run::TakeRunLock(path));
  RETURN_IF_ERROR(CheckPlan(path, PlanText(definition, extent)));
  RETURN_IF_ERROR(MakeFolders(path + "/runs"));
  return StudyFolder(path, std::move(lock), SecondsSoFar(path));
}

absl::Status StudyFolder::WriteClock(double seconds) const {
  return WriteFileAtomically(path("clock.json"), nlohmann::ordered_json{{"seconds", seconds}}.dump() + "\n");
}

}  // namespace drover::study_command
