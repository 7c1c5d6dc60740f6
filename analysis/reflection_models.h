// Self-reflection of each of several models. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "analysis/models.h"
#include "analysis/reflection.h"

namespace drover::analysis {

nlohmann::ordered_json ToJson(const ByModel<ReflectionResults>& models);
std::string ToMarkdown(const ByModel<ReflectionResults>& models);

// The report's plots, by the names of their files, which are those of a model alone: shares as lines over temperatures, or as bars where
// there is one temperature; accuracy as bars.
std::map<std::string, std::string> ReflectionPlots(const ByModel<ReflectionResults>& models);

}  // namespace drover::analysis
