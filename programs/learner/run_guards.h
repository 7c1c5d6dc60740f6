// The guards of a run that goes on: they watch each rollout, say what they see, and remember what was done.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "programs/learner/guards.h"
#include "programs/learner/run_parts.h"

namespace drover::learner_process {

// What a guard saw and what is to be done about it.
struct GuardCall {
  GuardEvent event;
  std::string text;  // for a person
};

// Not thread-safe.
class RunGuards {
 public:
  // `parts` outlives it.
  explicit RunGuards(const RunParts& parts);

  // Where a run with this history is.
  void GoOnFrom(const History& history);

  // The learning rate's share that holds now.
  double rate_scale() const { return office_.rate_scale(); }

  // After each rollout. A warning or a lower rate is done and told of; a roll-back and the run's end are the caller's to do, a
  // roll-back with Record when it knows where to.
  absl::StatusOr<std::optional<GuardCall>> Watch(const run::StepReport& report);
  absl::Status Record(const GuardCall& call);

 private:
  const RunParts& parts_;
  Guards guards_;
  GuardOffice office_;
};

}  // namespace drover::learner_process
