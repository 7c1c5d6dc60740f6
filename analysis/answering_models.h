// Which template makes each of several models answer: a group of bars a model, a bar a template. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "analysis/answering.h"
#include "analysis/models.h"

namespace drover::analysis {

nlohmann::ordered_json ToJson(const ByModel<AnsweringResults>& models);
std::string ToMarkdown(const ByModel<AnsweringResults>& models);

// The report's plots, by the names of their files: answering.svg by the rules and, with a judge, answering_judge.svg.
std::map<std::string, std::string> AnsweringPlots(const ByModel<AnsweringResults>& models);

}  // namespace drover::analysis
