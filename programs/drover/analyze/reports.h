// What an analysis writes: of one model, and of several together.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "analysis/answering_models.h"
#include "analysis/exploration_models.h"
#include "analysis/reflection_models.h"
#include "programs/drover/analyze/kind.h"

namespace drover::cli::analyze {

struct AnalysisReport {
  nlohmann::ordered_json json;
  std::string markdown;
  std::map<std::string, std::string> plots;  // by file name
};

AnalysisReport ReportOf(const analysis::AnsweringResults& results);
AnalysisReport ReportOf(const analysis::ExplorationResults& results);
AnalysisReport ReportOf(const analysis::ReflectionResults& results);
AnalysisReport ReportOf(const analysis::ByModel<analysis::AnsweringResults>& models);
AnalysisReport ReportOf(const analysis::ByModel<analysis::ExplorationResults>& models);
AnalysisReport ReportOf(const analysis::ByModel<analysis::ReflectionResults>& models);

// OUT/KIND.json, OUT/report.md and the plots beside them.
absl::Status WriteReport(const std::string& out, Kind kind, const AnalysisReport& report);

// To standard output: the JSON object on a line, or the report's first tables and where the rest is.
void PrintReport(const std::string& out, const AnalysisReport& report, bool json);

}  // namespace drover::cli::analyze
