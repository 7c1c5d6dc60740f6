#include "programs/drover/checkpoint/commands.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file_system.h"
#include "base/folder_digests.h"
#include "base/status.h"
#include "model/lora_files.h"
#include "model/model_weights.h"
#include "model/safetensors.h"
#include "programs/drover/checkpoint/find.h"
#include "services/run/jsonl.h"
#include "services/run/run_folder.h"

namespace drover::cli::checkpoint {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Row {
  std::string name;
  std::string path;
  std::string state;
  std::optional<uint64_t> step;
  uint64_t bytes = 0;
  std::optional<double> accuracy;
};

// Files that go while they are counted, as a run that goes on removes them, count nothing.
uint64_t SizeOf(const std::string& dir) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    const bool file = it->is_regular_file(gone);
    const uintmax_t size = file ? it->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

std::string StateOf(const std::string& path) {
  if (absl::EndsWith(path, ".tmp")) return "unfinished";
  if (absl::EndsWith(path, ".damaged")) return "set aside";
  const absl::Status complete = CheckFolderIsComplete(path);
  if (complete.ok()) return "complete";
  return absl::IsNotFound(complete) ? "no digests" : "incomplete";
}

absl::StatusOr<std::map<uint64_t, double>> Accuracies(const run::RunFolder& folder) {
  ASSIGN_OR_RETURN(const std::vector<Json> lines, run::ReadJsonl(folder.evaluations()));
  std::map<uint64_t, double> accuracies;
  for (const Json& line : lines) {
    const auto step = line.find("step"), accuracy = line.find("accuracy");
    if (step == line.end() || accuracy == line.end()) continue;
    if (step->is_number_unsigned() && accuracy->is_number()) {
      accuracies[step->get<uint64_t>()] = accuracy->get<double>();
    }
  }
  return accuracies;
}

absl::StatusOr<std::vector<Row>> Rows(const run::RunFolder& folder) {
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(folder.checkpoints()));
  ASSIGN_OR_RETURN(const auto accuracies, Accuracies(folder));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, folder.CheckpointSteps());
  std::vector<Row> rows;
  for (const FolderEntry& entry : entries) {
    if (entry.kind != FolderEntry::Kind::kFolder || !absl::StartsWith(entry.name, "step-")) continue;
    Row row{.name = entry.name, .path = absl::StrCat(folder.checkpoints(), "/", entry.name)};
    row.state = StateOf(row.path);
    row.bytes = SizeOf(row.path);
    const auto step = std::find_if(steps.begin(), steps.end(),
                                   [&](uint64_t s) { return folder.checkpoint(s) == row.path; });
    if (step != steps.end()) {
      row.step = *step;
      if (const auto found = accuracies.find(*step); found != accuracies.end()) row.accuracy = found->second;
    }
    rows.push_back(std::move(row));
  }
  // By step; what has none stands behind, by name.
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.step.has_value() && (!b.step.has_value() || *a.step < *b.step);
  });
  return rows;
}

std::string Megabytes(uint64_t bytes) { return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6); }

Json ToJson(const Row& row) {
  Json json;
  json["step"] = row.step ? Json(*row.step) : Json(nullptr);
  json["name"] = row.name;
  json["path"] = row.path;
  json["bytes"] = row.bytes;
  json["state"] = row.state;
  json["accuracy"] = run::OrNull(row.accuracy);
  return json;
}

std::string ToText(const Row& row) {
  const std::string accuracy = row.accuracy ? absl::StrFormat("%.3f", *row.accuracy) : "-";
  return absl::StrFormat("%-20s %14s  %-10s  %s\n", row.name, Megabytes(row.bytes), row.state, accuracy);
}

absl::Status Headers(const std::string& dir) {
  RETURN_IF_ERROR(model::IsLoraFolder(dir) ? model::OpenLoraWeights(dir).status()
                                           : model::OpenModelWeights(dir).status());
  RETURN_IF_ERROR(model::SafetensorsFile::Open(dir + "/training_state.safetensors").status());
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(dir));
  for (const FolderEntry& entry : entries) {
    if (!absl::StartsWith(entry.name, "training_state.shard-")) continue;
    RETURN_IF_ERROR(model::SafetensorsFile::Open(absl::StrCat(dir, "/", entry.name)).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status List(const ListOptions& options, std::ostream& out) {
  const run::RunFolder folder(options.run);
  std::error_code ignored;
  if (!fs::is_directory(options.run, ignored)) {
    return absl::NotFoundError(absl::StrCat(options.run, ": no folder is there"));
  }
  if (!fs::is_directory(folder.checkpoints(), ignored)) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.run, ": is no run folder (it has no checkpoints/)"));
  }
  ASSIGN_OR_RETURN(const std::vector<Row> rows, Rows(folder));
  if (!options.json) {
    out << (rows.empty()
                ? "no checkpoint yet\n"
                : absl::StrFormat("%-20s %14s  %-10s  %s\n", "checkpoint", "size", "state", "accuracy"));
  }
  for (const Row& row : rows) out << (options.json ? run::ToLine(ToJson(row)) : ToText(row));
  return absl::OkStatus();
}

absl::Status VerifyOne(const std::string& dir) {
  const absl::Status digests = CheckFolderDigests(dir);
  if (absl::IsNotFound(digests)) {
    return absl::DataLossError(absl::StrCat(
        dir, "/", kDigestsFile, ": is missing, so that nothing says whether the files are whole"));
  }
  RETURN_IF_ERROR(digests);
  return Headers(dir);
}

absl::Status Verify(const VerifyOptions& options, std::ostream& out) {
  std::vector<Found> all;
  for (const std::string& path : options.paths) {
    ASSIGN_OR_RETURN(const std::vector<Found> found, FindCheckpoints(path));
    all.insert(all.end(), found.begin(), found.end());
  }
  uint64_t damaged = 0;
  for (const Found& found : all) {
    const absl::Status whole = VerifyOne(found.path);
    damaged += whole.ok() ? 0 : 1;
    const std::string why(whole.message());
    if (options.json) {
      Json json;
      json["path"] = found.path;
      json["whole"] = whole.ok();
      json["why"] = whole.ok() ? Json(nullptr) : Json(why);
      out << run::ToLine(json);
    } else {
      out << found.path << (whole.ok() ? "  whole\n" : "  DAMAGED: " + why + "\n");
    }
    out.flush();
  }
  if (damaged == 0) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(damaged, " of ", all.size(), " checkpoints damaged"));
}

}  // namespace drover::cli::checkpoint
