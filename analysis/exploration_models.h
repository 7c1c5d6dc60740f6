// How much there is to find in each of several models: a line a model and template over temperatures. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "analysis/exploration.h"
#include "analysis/models.h"

namespace drover::analysis {

// The template under which the model's pass@k is highest on average over the temperatures; the first of several, empty without points.
std::string BestTemplate(const ExplorationResults& results);

nlohmann::ordered_json ToJson(const ByModel<ExplorationResults>& models);
std::string ToMarkdown(const ByModel<ExplorationResults>& models);

// The report's plots, by the names of their files: exploration.svg and accuracy.svg with all lines and, where there are several
// templates, exploration_best.svg with each model under its BestTemplate.
std::map<std::string, std::string> ExplorationPlots(const ByModel<ExplorationResults>& models);

}  // namespace drover::analysis
