// `drover inspect journal RUN`: what became of every lease of a run.
#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace drover::experience {

// Writes to `out`, as JSON lines in lease order (docs/reference/cli.md)
//
//   {"lease", "group", "rollout", "incarnation", "outcome", "versions", "digest", "optimizer_step", "actor", "trace_id",
//    "reason"}
//
// or, without `json`, a table of the sums. Reads only, also while a learner writes the run. `versions` is [oldest, newest],
// `digest` the group's, both null when no group was submitted; `optimizer_step` is the first optimizer step of
// the update that trained it on the surviving line, else null; `reason` says why it ended without being trained.
// NOT_FOUND: no journal there; DATA_LOSS: it is damaged, or, once all is written, groups are that a start may need.
absl::Status InspectJournal(const std::string& run_folder, bool json, std::ostream& out);

}  // namespace drover::experience
