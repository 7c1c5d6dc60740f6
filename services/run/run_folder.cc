#include "services/run/run_folder.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::run {

namespace fs = std::filesystem;

namespace {

constexpr const char* kFolders[] = {"journal", "checkpoints", "model", "logs", "ports"};

}  // namespace

std::string RunFolder::checkpoint(uint64_t step) const {
  return absl::StrFormat("%s/step-%06d", checkpoints(), step);
}

absl::Status RunFolder::Create() const {
  RETURN_IF_ERROR(MakeFolders(path_));
  for (const char* inside : kFolders) {
    RETURN_IF_ERROR(MakeFolders(absl::StrCat(path_, "/", inside)));
  }
  return absl::OkStatus();
}

bool RunFolder::Exists() const {
  std::error_code ignored;
  return fs::exists(recipe(), ignored);
}

bool RunFolder::NeverBegan() const {
  std::error_code error;
  if (!fs::exists(path_, error)) return true;
  for (const auto& entry : fs::directory_iterator(path_, error)) {
    const std::string name = entry.path().filename().string();
    const bool ours = std::count(std::begin(kFolders), std::end(kFolders), name) > 0;
    const bool empty_folder = ours && entry.is_directory(error) && fs::is_empty(entry.path(), error);
    const bool part_of_a_recipe = absl::StartsWith(name, "recipe.textproto.tmp.");
    if (!empty_folder && !part_of_a_recipe && name != "lock") return false;
  }
  return !error;
}

std::vector<uint64_t> RunFolder::CheckpointSteps() const {
  std::vector<uint64_t> steps;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(checkpoints(), error)) {
    const std::string name = entry.path().filename().string();
    absl::string_view digits = name;
    uint64_t step = 0;
    if (absl::ConsumePrefix(&digits, "step-") && absl::SimpleAtoi(digits, &step) &&
        checkpoint(step) == entry.path()) {
      steps.push_back(step);
    }
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<uint64_t> RunFolder::NewestCheckpoint() const {
  const std::vector<uint64_t> steps = CheckpointSteps();
  if (steps.empty()) return std::nullopt;
  return steps.back();
}

absl::Status RunFolder::SetCheckpointAside(uint64_t step) const {
  const std::string aside = checkpoint(step) + ".damaged";
  std::error_code error;
  fs::remove_all(aside, error);
  if (!error) fs::rename(checkpoint(step), aside, error);
  if (error) return absl::ErrnoToStatus(error.value(), checkpoint(step) + ": cannot set it aside");
  return SyncFolder(checkpoints());
}

absl::Status RunFolder::PruneCheckpoints(size_t keep) const {
  const std::vector<uint64_t> steps = CheckpointSteps();
  for (size_t i = 0; i + keep < steps.size(); ++i) {
    std::error_code error;
    fs::remove_all(checkpoint(steps[i]), error);
    if (error)
      return absl::ErrnoToStatus(error.value(), checkpoint(steps[i]) + ": cannot remove the old checkpoint");
  }
  return absl::OkStatus();
}

}  // namespace drover::run
