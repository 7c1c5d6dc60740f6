// The results of several models in one analysis, so that they are read beside each other: a series a model. All were asked the same
// questions under the same settings, so the parts of their results (templates, points, groups) stand in the same order. Pure.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace drover::analysis {

// So many lines of a plot have their intervals drawn as bands; more bands over each other would hide the lines.
inline constexpr size_t kMostBands = 4;

template <typename Results>
struct OfModel {
  std::string name;    // tells it from the others: "smollm2", "runs/b/step-000100"
  std::string folder;  // of its own report, relative to this one's: "models/smollm2"
  Results results;
};

template <typename Results>
using ByModel = std::vector<OfModel<Results>>;

// {"analysis", "models": {NAME: the object of an analysis of this model alone}, "folders": {NAME: folder}}.
template <typename Results>
nlohmann::ordered_json ModelsJson(const std::string& analysis, const ByModel<Results>& models) {
  nlohmann::ordered_json json = {{"analysis", analysis}, {"models", nlohmann::ordered_json::object()}};
  json["folders"] = nlohmann::ordered_json::object();
  for (const OfModel<Results>& model : models) {
    json["models"][model.name] = ToJson(model.results);
    json["folders"][model.name] = model.folder;
  }
  return json;
}

// Whose reports there are, and where, for the end of the report that holds all of them: a row {name, what it was, folder} a model.
std::string ModelsPart(const std::vector<std::vector<std::string>>& models);

template <typename Results>
std::string ModelsPart(const ByModel<Results>& models) {
  std::vector<std::vector<std::string>> rows;
  for (const OfModel<Results>& model : models)
    rows.push_back({model.name, model.results.model, model.folder});
  return ModelsPart(rows);
}

}  // namespace drover::analysis
