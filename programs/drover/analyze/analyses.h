// The analyses: each asks its session for responses and judgements, has analysis/ measure them, and says what is to be written.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "programs/drover/analyze/session.h"

namespace drover::cli::analyze {

struct AnalysisReport {
  nlohmann::ordered_json json;
  std::string markdown;
  std::map<std::string, std::string> plots;  // by file name
};

// Whether the model answers, by template and temperature.
absl::StatusOr<AnalysisReport> Answering(Session& session);
// pass@k over templates and temperatures.
absl::StatusOr<AnalysisReport> Exploration(Session& session);
// Self-reflection over temperatures, over the samples of a run's steps, or over its checkpoints.
absl::StatusOr<AnalysisReport> Reflection(Session& session);

}  // namespace drover::cli::analyze
