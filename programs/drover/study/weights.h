// What the learner's own loss gives to a study's groups: asked of `drover-model token-weights`, since this program links no LibTorch.
#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "programs/drover/study/study_folder.h"
#include "study/judge.h"

namespace drover::study_command {

// By arm, of those that a weight claim names; each with its settings of loss and advantage. `program` is drover-model. The files that are
// asked and answered stay in the folder, as weights-*.jsonl.
absl::StatusOr<std::map<std::string, study::WeightsByGroup>> AskWeights(const std::string& program,
                                                                        const StudyFolder& folder,
                                                                        const v1::Study& study,
                                                                        const study::Extent& extent);

}  // namespace drover::study_command
