#include "services/run/run_folder.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::run {
namespace {

constexpr const char* kFolders[] = {"journal", "checkpoints", "model", "logs", "ports"};

}  // namespace

std::string RunFolder::checkpoint(uint64_t step) const {
  return absl::StrFormat("%s/step-%06d", checkpoints(), step);
}

std::string RunFolder::benchmark_responses(uint64_t step) const {
  return absl::StrFormat("%s/step-%06d.jsonl", benchmark_folder(), step);
}

absl::Status RunFolder::Create() const {
  RETURN_IF_ERROR(MakeFolders(path_, files_));
  for (const char* inside : kFolders) {
    RETURN_IF_ERROR(MakeFolders(absl::StrCat(path_, "/", inside), files_));
  }
  return absl::OkStatus();
}

bool RunFolder::Exists() const { return files_->Exists(recipe()).value_or(false); }

bool RunFolder::NeverBegan() const {
  const auto entries = files_->List(path_);
  if (!entries.ok()) return absl::IsNotFound(entries.status());
  for (const auto& [name, kind] : *entries) {
    const bool ours = std::count(std::begin(kFolders), std::end(kFolders), name) > 0;
    const auto inside = files_->List(absl::StrCat(path_, "/", name));
    const bool empty_folder = ours && inside.ok() && inside->empty();
    const bool part_of_a_recipe = absl::StartsWith(name, "recipe.textproto.tmp.");
    if (!empty_folder && !part_of_a_recipe && name != "lock") return false;
  }
  return true;
}

absl::StatusOr<std::vector<uint64_t>> RunFolder::CheckpointSteps() const {
  std::vector<uint64_t> steps;
  const auto entries = files_->List(checkpoints());
  if (absl::IsNotFound(entries.status())) return steps;
  RETURN_IF_ERROR(entries.status());
  for (const FolderEntry& entry : *entries) {
    absl::string_view digits = entry.name;
    uint64_t step = 0;
    if (absl::ConsumePrefix(&digits, "step-") && absl::SimpleAtoi(digits, &step) &&
        checkpoint(step) == absl::StrCat(checkpoints(), "/", entry.name)) {
      steps.push_back(step);
    }
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<uint64_t> RunFolder::NewestCheckpoint() const {
  const auto steps = CheckpointSteps();
  if (!steps.ok() || steps->empty()) return std::nullopt;
  return steps->back();
}

absl::Status RunFolder::SetCheckpointAside(uint64_t step) const {
  const std::string aside = checkpoint(step) + ".damaged";
  RETURN_IF_ERROR(RemoveFolder(aside, files_));
  RETURN_IF_ERROR(files_->Rename(checkpoint(step), aside));
  return files_->SyncFolder(checkpoints());
}

absl::Status RunFolder::KeepCheckpoints(const std::set<uint64_t>& steps) const {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> there, CheckpointSteps());
  for (const uint64_t step : there) {
    if (steps.count(step) == 0) RETURN_IF_ERROR(RemoveFolder(checkpoint(step), files_));
  }
  return absl::OkStatus();
}

absl::Status RunFolder::RemoveUnfinishedCheckpoints() const {
  const auto entries = files_->List(checkpoints());
  if (absl::IsNotFound(entries.status())) return absl::OkStatus();
  RETURN_IF_ERROR(entries.status());
  for (const FolderEntry& entry : *entries) {
    if (!absl::StartsWith(entry.name, "step-") || !absl::EndsWith(entry.name, ".tmp")) continue;
    RETURN_IF_ERROR(RemoveFolder(absl::StrCat(checkpoints(), "/", entry.name), files_));
  }
  return absl::OkStatus();
}

}  // namespace drover::run
