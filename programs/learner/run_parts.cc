#include "programs/learner/run_parts.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace drover::learner_process {

std::string PassedOverText(const std::vector<DamagedCheckpoint>& passed_over) {
  return absl::StrJoin(passed_over, "; ", [](std::string* out, const DamagedCheckpoint& damaged) {
    absl::StrAppend(out, damaged.place.path, " is damaged (", damaged.why, ")");
  });
}

}  // namespace drover::learner_process
