#include "programs/drover/run_picture.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/folder_digests.h"
#include "base/status.h"
#include "model/safetensors.h"
#include "recipe/load.h"
#include "services/experience/journal.h"
#include "services/experience/ledger.h"
#include "services/run/run_lock.h"

namespace drover::cli {
namespace {

constexpr size_t kDamagedShown = 5;

CheckpointPicture LookAtCheckpoint(const run::RunFolder& folder, uint64_t step) {
  CheckpointPicture picture{.step = step, .status = CheckFolderDigests(folder.checkpoint(step))};
  if (!absl::IsNotFound(picture.status)) return picture;
  picture.without_digests = true;
  picture.status = absl::OkStatus();
  for (const char* file : {"model.safetensors", "training_state.safetensors"}) {
    const std::string path = absl::StrCat(folder.checkpoint(step), "/", file);
    picture.status.Update(model::SafetensorsFile::Open(path).status());
  }
  return picture;
}

void LookAtJournal(const run::RunFolder& folder, RunPicture& picture) {
  experience::Ledger ledger{experience::LedgerOptions{}};
  const auto end =
      experience::ReadEvents(folder.journal(), [&](const auto& event) { return ledger.Apply(event); });
  picture.journal = end.status();
  if (!end.ok()) return;
  picture.journal_torn = end->torn;
  picture.incarnation = ledger.incarnation();
  picture.trained = ledger.version();
  picture.oldest_start = ledger.durable_version().value_or(0);
  const auto groups = ledger.NeededGroups();
  picture.stored_groups = groups.size();
  picture.waiting_groups =
      static_cast<uint64_t>(std::count_if(groups.begin(), groups.end(), [&](const auto& g) {
        return ledger.StateOf(g.lease) == experience::LeaseState::kAccepted;
      }));
  auto damaged = experience::FindDamagedGroups(folder.path());
  if (damaged.ok()) {
    picture.damaged_groups = *std::move(damaged);
  } else {
    picture.journal = damaged.status();
  }
}

void LookAtRecipe(const run::RunFolder& folder, RunPicture& picture) {
  if (!folder.Exists()) {
    picture.recipe = absl::NotFoundError("no recipe.textproto");
    return;
  }
  const auto recipe = recipe::LoadRecipe(folder.recipe());
  picture.recipe = recipe.status();
  if (!recipe.ok()) return;
  picture.recipe_name = recipe->name();
  picture.steps = recipe->run().steps();
}

std::string JournalText(const RunPicture& p) {
  if (absl::IsNotFound(p.journal)) return "none\n";
  if (!p.journal.ok()) return absl::StrCat("DAMAGED: ", p.journal.message(), "\n");
  std::string text = absl::StrCat("incarnation ", p.incarnation, ", ", p.trained,
                                  " rollouts trained, can go back to ", p.oldest_start, "; ", p.stored_groups,
                                  " groups stored, ", p.waiting_groups, " of them waiting\n");
  if (!p.journal_torn.empty()) {
    absl::StrAppend(&text, "            torn end, which a start cuts off: ", p.journal_torn, "\n");
  }
  for (size_t i = 0; i < std::min(kDamagedShown, p.damaged_groups.size()); ++i) {
    absl::StrAppend(&text, "            DAMAGED group of lease ", p.damaged_groups[i].lease, ": ",
                    p.damaged_groups[i].why, "\n");
  }
  if (p.damaged_groups.size() > kDamagedShown) {
    absl::StrAppend(&text, "            and ", p.damaged_groups.size() - kDamagedShown, " more\n");
  }
  return text;
}

std::string CheckpointsText(const RunPicture& p) {
  if (p.checkpoints.empty()) return "none\n";
  std::string text;
  for (const CheckpointPicture& checkpoint : p.checkpoints) {
    absl::StrAppend(&text, text.empty() ? "" : "            ",
                    absl::StrFormat("step-%06d  ", checkpoint.step));
    if (!checkpoint.status.ok()) {
      absl::StrAppend(&text, "DAMAGED: ", checkpoint.status.message(), "\n");
    } else {
      absl::StrAppend(&text, checkpoint.without_digests
                                 ? "readable (no list of digests: an earlier release)\n"
                                 : "whole\n");
    }
  }
  return text;
}

std::string FilesText(const RunPicture& p) {
  std::string text;
  for (const FilePicture& file : p.files) {
    absl::StrAppend(&text, text.empty() ? "" : "            ", file.name, "  ");
    if (!file.status.ok()) {
      absl::StrAppend(&text, "DAMAGED: ", file.status.message(), "\n");
      continue;
    }
    absl::StrAppend(&text, file.lines.records, " records");
    if (file.lines.broken > 0)
      absl::StrAppend(&text, ", ", file.lines.broken, " BROKEN lines, which a resume drops");
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::string StateText(const RunPicture& p) {
  if (p.running) return "a run is going on";
  if (p.done) return "done: summary.json is there";
  return "no process runs";
}

}  // namespace

bool RunPicture::Whole() const {
  const auto whole = [](const auto& part) { return part.status.ok(); };
  const auto unbroken = [](const FilePicture& file) { return file.status.ok() && file.lines.broken == 0; };
  return (recipe.ok() || never_began) && (journal.ok() || absl::IsNotFound(journal)) &&
         damaged_groups.empty() && std::all_of(checkpoints.begin(), checkpoints.end(), whole) &&
         std::all_of(files.begin(), files.end(), unbroken);
}

std::optional<uint64_t> RunPicture::ResumeStep() const {
  for (auto it = checkpoints.rbegin(); it != checkpoints.rend(); ++it) {
    if (it->status.ok()) return it->step;
  }
  return std::nullopt;
}

RunPicture LookAtRun(const run::RunFolder& folder) {
  RunPicture picture;
  picture.folder = folder.path();
  picture.never_began = folder.NeverBegan();
  LookAtRecipe(folder, picture);
  picture.running = run::IsRunning(folder.path()) || experience::JournalIsHeld(folder.journal());
  std::error_code ignored;
  picture.done = std::filesystem::exists(folder.summary(), ignored);
  LookAtJournal(folder, picture);
  const auto steps = folder.CheckpointSteps();
  for (uint64_t step : steps.value_or(std::vector<uint64_t>()))
    picture.checkpoints.push_back(LookAtCheckpoint(folder, step));
  std::vector<std::string> files = {folder.metrics(), folder.samples(), folder.evaluations()};
  if (std::filesystem::exists(folder.benchmarks(), ignored)) files.push_back(folder.benchmarks());
  for (const std::string& path : files) {
    const auto lines = run::CountJsonl(path);
    picture.files.push_back({.name = std::filesystem::path(path).filename().string(),
                             .lines = lines.value_or(run::JsonlCount()),
                             .status = lines.status()});
  }
  return picture;
}

std::string ToText(const RunPicture& p) {
  const std::string recipe = p.recipe.ok()
                                 ? absl::StrCat(p.recipe_name, ", ", p.steps, " rollouts")
                                 : absl::StrCat(p.never_began ? "" : "UNREADABLE: ", p.recipe.message());
  return absl::StrCat("run         ", p.folder, "\n", "recipe      ", recipe, "\n", "state       ",
                      StateText(p), "\n", "journal     ", JournalText(p), "checkpoints ", CheckpointsText(p),
                      "files       ", FilesText(p), "resume      ", ResumeText(p), "\n");
}

std::string ResumeText(const RunPicture& p) {
  if (p.running) return "is refused while the run is going on";
  if (p.never_began) return "is refused: no run began here; a new run may use the folder";
  if (!p.recipe.ok()) return "is refused: the recipe cannot be read";
  if (!p.journal.ok() && !absl::IsNotFound(p.journal)) return "is refused: the journal's events are damaged";
  if (p.checkpoints.empty()) return "begins anew: there is no checkpoint yet";
  const std::optional<uint64_t> step = p.ResumeStep();
  if (!step) return "is refused: no checkpoint is whole";
  if (*step < p.oldest_start) {
    return absl::StrCat("is refused: the journal goes back to ", p.oldest_start,
                        " only, the newest whole checkpoint is of ", *step);
  }
  if (p.done && p.steps <= *step) {
    return absl::StrCat("is refused: the run is done; to train further: --set run.steps=", 2 * p.steps);
  }
  std::string text = absl::StrFormat("goes on from step-%06d", *step);
  if (p.trained > *step) {
    absl::StrAppend(&text, ", trains rollouts ", *step + 1, " to ", p.trained, " again from the journal");
  }
  if (!p.damaged_groups.empty())
    absl::StrAppend(&text, ", leases ", p.damaged_groups.size(), " damaged groups again");
  return text;
}

}  // namespace drover::cli
