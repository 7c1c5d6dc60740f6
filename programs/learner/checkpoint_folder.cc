#include "programs/learner/checkpoint_folder.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "learner/checkpoint.h"
#include "model/companion_files.h"

namespace drover::learner_process {

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

absl::StatusOr<std::vector<CheckpointPlace>> CheckpointFolder::Save(uint64_t version) {
  learner::CheckpointMeta meta;
  meta.rollouts = version;
  meta.version = version;
  ASSIGN_OR_RETURN(const model::CompanionFiles files, model::ReadCompanionFiles(folder_.model()));
  RETURN_IF_ERROR(
      learner::SaveCheckpoint(folder_.checkpoint(version), *trainer_, meta, files, folder_.files()));
  RETURN_IF_ERROR(folder_.PruneCheckpoints(keep_).status());
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, folder_.CheckpointSteps());
  std::vector<CheckpointPlace> kept;
  for (const uint64_t step : steps) kept.push_back({step, folder_.checkpoint(step)});
  return kept;
}

}  // namespace drover::learner_process
