#include "programs/learner/checkpoint_folder.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/exceptions.h"
#include "base/log.h"
#include "base/status.h"
#include "model/companion_files.h"

namespace drover::learner_process {
namespace {

// Stays free for the journal and the run's other files: a disk that a checkpoint filled up would end the run.
constexpr uint64_t kReserve = uint64_t{64} << 20;

absl::Status CheckRoom(const run::RunFolder& folder, const std::string& path, uint64_t bytes) {
  const absl::StatusOr<uint64_t> free_bytes = folder.files()->FreeBytes(folder.checkpoints());
  if (!free_bytes.ok() || *free_bytes >= bytes + kReserve) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(path, ": the checkpoint takes ", bytes, " bytes, and ",
                                                   kReserve, " stay free for the rest of the run, but ",
                                                   *free_bytes, " are free"));
}

absl::Status WriteAndPrune(const run::RunFolder& folder, const run::Retention& retention,
                           const learner::CheckpointSnapshot& snapshot,
                           const std::map<uint64_t, double>& scores, SaveOutcome* outcome) {
  RETURN_IF_ERROR(folder.RemoveUnfinishedCheckpoints());
  RETURN_IF_ERROR(CheckRoom(folder, outcome->place.path, outcome->bytes));
  RETURN_IF_ERROR(learner::WriteCheckpoint(outcome->place.path, snapshot, folder.files()));
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, folder.CheckpointSteps());
  const run::Retained retained = run::Retain(retention, steps, scores);
  outcome->oldest = {retained.oldest_newest, folder.checkpoint(retained.oldest_newest)};
  // What cannot be removed is in no one's way but the disk's; the next save tries again.
  const absl::Status pruned = folder.KeepCheckpoints(retained.steps);
  if (!pruned.ok()) log::Warning("old checkpoints stay", {{"reason", std::string(pruned.message())}});
  return absl::OkStatus();
}

// On a thread of its own: nothing of the trainer is looked at.
SaveOutcome SaveSnapshot(const run::RunFolder& folder, const run::Retention& retention, uint64_t version,
                         absl::StatusOr<learner::CheckpointSnapshot> snapshot,
                         const std::map<uint64_t, double>& scores) {
  const absl::Time start = absl::Now();
  SaveOutcome outcome;
  outcome.place = {version, folder.checkpoint(version)};
  outcome.status = snapshot.status();
  if (snapshot.ok()) {
    outcome.bytes = snapshot->bytes();
    outcome.status = CatchExceptions(
        outcome.place.path, [&] { return WriteAndPrune(folder, retention, *snapshot, scores, &outcome); });
  }
  outcome.seconds = absl::ToDoubleSeconds(absl::Now() - start);
  return outcome;
}

}  // namespace

absl::StatusOr<ResumePoint> CheckpointFolder::Restore() {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, folder_.CheckpointSteps());
  ResumePoint point;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const CheckpointPlace place{*step, folder_.checkpoint(*step)};
    const absl::StatusOr<learner::CheckpointMeta> meta =
        learner::LoadCheckpoint(place.path, trainer_, folder_.files());
    if (meta.ok()) {
      point.place = place;
      point.version = meta->version;
      return point;
    }
    if (!absl::IsDataLoss(meta.status())) return meta.status();
    const std::string why(meta.status().message());
    log::Error("a checkpoint is damaged", {{"checkpoint", place.path}, {"reason", why}});
    point.passed_over.push_back({place, why});
  }
  return absl::FailedPreconditionError(
      absl::StrCat("no checkpoint of the run is whole: ", PassedOverText(point.passed_over)));
}

absl::StatusOr<learner::CheckpointSnapshot> CheckpointFolder::Copy(uint64_t version) const {
  learner::CheckpointMeta meta;
  meta.rollouts = version;
  meta.version = version;
  ASSIGN_OR_RETURN(const model::CompanionFiles files, model::ReadCompanionFiles(folder_.model()));
  return learner::TakeSnapshot(*trainer_, meta, files, published_ ? published_(version) : std::nullopt);
}

void CheckpointFolder::Begin(uint64_t version, const History& history) {
  absl::StatusOr<learner::CheckpointSnapshot> snapshot =
      CatchExceptions("copying the training state", [&] { return Copy(version); });
  std::map<uint64_t, double> scores;
  for (const Evaluation& evaluation : history.evaluations) scores[evaluation.step] = evaluation.accuracy();
  // The thread owns the copy: its memory is free again as soon as it is written, whenever Take is called.
  saving_ = std::async(std::launch::async,
                       [this, version, snapshot = std::move(snapshot), scores = std::move(scores)]() mutable {
                         return SaveSnapshot(folder_, retention_, version, std::move(snapshot), scores);
                       });
}

std::optional<SaveOutcome> CheckpointFolder::Take(absl::Duration timeout) {
  if (!saving_.valid() ||
      saving_.wait_for(absl::ToChronoMilliseconds(timeout)) != std::future_status::ready) {
    return std::nullopt;
  }
  return saving_.get();
}

}  // namespace drover::learner_process
