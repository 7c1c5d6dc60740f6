#include "evaluation/published.h"

#include <nlohmann/json.hpp>

#include "evaluation/published_json.h"

namespace drover::evaluation {
namespace {

Published Parse() {
  const auto file = nlohmann::json::parse(kPublishedJson);
  Published published = {.source = file.at("source").get<std::string>(),
                         .how = file.at("how").get<std::string>()};
  for (const auto& entry : file.at("models")) {
    PublishedModel model = {.name = entry.at("name").get<std::string>(),
                            .prompt_template = entry.value("template", ""),
                            .mean = entry.at("mean").get<double>() / 100,
                            .note = entry.value("note", "")};
    for (const auto& [benchmark, percent] : entry.at("scores").items()) {
      model.scores[benchmark] = percent.get<double>() / 100;
    }
    published.models.push_back(std::move(model));
  }
  return published;
}

}  // namespace

const Published& PublishedScores() {
  static const auto& published = *new Published(Parse());
  return published;
}

}  // namespace drover::evaluation
