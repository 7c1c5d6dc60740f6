#include "programs/learner/resume.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log.h"
#include "base/status.h"

namespace drover::learner_process {

absl::StatusOr<ResumePoint> LoadNewestWhole(const run::RunFolder& folder, learner::Trainer* trainer) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> steps, folder.CheckpointSteps());
  ResumePoint point;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    absl::StatusOr<learner::CheckpointMeta> meta =
        learner::LoadCheckpoint(folder.checkpoint(*step), trainer, folder.files());
    if (meta.ok()) {
      point.step = *step;
      point.meta = *meta;
      return point;
    }
    if (!absl::IsDataLoss(meta.status())) return meta.status();
    log::Error("a checkpoint is damaged",
               {{"checkpoint", folder.checkpoint(*step)}, {"reason", std::string(meta.status().message())}});
    point.passed_over.push_back({*step, std::string(meta.status().message())});
  }
  return absl::FailedPreconditionError(
      absl::StrCat("no checkpoint of the run is whole: ", PassedOverText(folder, point)));
}

std::string PassedOverText(const run::RunFolder& folder, const ResumePoint& point) {
  return absl::StrJoin(point.passed_over, "; ", [&](std::string* out, const DamagedCheckpoint& damaged) {
    absl::StrAppend(out, folder.checkpoint(damaged.step), " is damaged (", damaged.why, ")");
  });
}

}  // namespace drover::learner_process
