// What a run's reports say, from what was measured. Pure.
#pragma once

#include <cstdint>

#include "learner/update_stats.h"
#include "programs/learner/run_history.h"
#include "services/run/step_report.h"
#include "services/run/summary.h"

namespace drover::learner_process {

// What an update says of itself, into the report of its rollout.
void AddStats(const learner::UpdateStats& stats, run::StepReport* report);

// What the history says of a run of `steps` rollouts.
run::Summary SummaryOf(const History& history, uint64_t steps);

}  // namespace drover::learner_process
