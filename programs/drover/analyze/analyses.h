// The analyses: each asks its session for responses and judgements and has analysis/ measure them.
#pragma once

#include "absl/status/statusor.h"
#include "analysis/answering.h"
#include "analysis/exploration.h"
#include "analysis/reflection.h"
#include "programs/drover/analyze/session.h"

namespace drover::cli::analyze {

// Whether the model answers, by template and temperature.
absl::StatusOr<analysis::AnsweringResults> Answering(Session& session);
// pass@k over templates and temperatures.
absl::StatusOr<analysis::ExplorationResults> Exploration(Session& session);
// Self-reflection over temperatures, over the samples of a run's steps, or over its checkpoints.
absl::StatusOr<analysis::ReflectionResults> Reflection(Session& session);

}  // namespace drover::cli::analyze
