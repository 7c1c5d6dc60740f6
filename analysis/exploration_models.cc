#include "analysis/exploration_models.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "analysis/markdown.h"

namespace drover::analysis {
namespace {

using ExploredModel = OfModel<ExplorationResults>;
using Place = plot::XyPoint (*)(const ExplorationPoint&);

// Distinct, in the order of their first points.
std::vector<std::string> TemplatesOf(const ExplorationResults& results) {
  std::vector<std::string> names;
  for (const ExplorationPoint& point : results.points) {
    if (std::find(names.begin(), names.end(), point.template_name) == names.end())
      names.push_back(point.template_name);
  }
  return names;
}

size_t MostTemplates(const ByModel<ExplorationResults>& models) {
  size_t most = 0;
  for (const ExploredModel& model : models) most = std::max(most, TemplatesOf(model.results).size());
  return most;
}

std::string PassOf(const ByModel<ExplorationResults>& models) {
  return models.empty() ? PassName(ExplorationResults{}) : PassName(models[0].results);
}

plot::XySeries Line(const ExploredModel& model, const std::string& prompt_template, Place place) {
  plot::XySeries series{.marks = true};
  for (const ExplorationPoint& point : model.results.points) {
    if (point.template_name == prompt_template) series.points.push_back(place(point));
  }
  return series;
}

plot::XyChart EmptyChart(const std::string& title, const std::string& y_title) {
  return {.title = title, .x = {.title = "temperature"}, .y = {.title = y_title, .low = 0, .percent = true}};
}

// A colour a model, and dashes and marks a template.
std::string LinesSvg(const ByModel<ExplorationResults>& models, plot::XyChart chart, Place place) {
  const size_t templates_each = MostTemplates(models);
  const bool several = templates_each > 1;
  for (size_t i = 0; i < models.size(); ++i) {
    const std::vector<std::string> templates = TemplatesOf(models[i].results);
    for (size_t j = 0; j < templates.size(); ++j) {
      plot::XySeries series = Line(models[i], templates[j], place);
      series.name = several ? absl::StrCat(models[i].name, ", ", templates[j]) : models[i].name;
      series.colour = i;
      series.pattern = several ? j : i;
      series.intervals = models.size() * templates_each <= kMostBands;
      chart.series.push_back(std::move(series));
    }
  }
  return plot::ToSvg(chart);
}

std::string BestSvg(const ByModel<ExplorationResults>& models, plot::XyChart chart) {
  for (const ExploredModel& model : models) {
    const std::string best = BestTemplate(model.results);
    chart.series.push_back(Line(model, best, PassPoint));
    chart.series.back().name = absl::StrCat(model.name, ", ", best);
    chart.series.back().intervals = models.size() <= kMostBands;
  }
  return plot::ToSvg(chart);
}

// Of each model the point with the highest pass@k, the first of several.
std::string BestRows(const ByModel<ExplorationResults>& models) {
  std::vector<std::vector<std::string>> rows;
  for (const ExploredModel& model : models) {
    const std::vector<ExplorationPoint>& points = model.results.points;
    const auto less = [](const ExplorationPoint& a, const ExplorationPoint& b) {
      return a.pass_at_k < b.pass_at_k;
    };
    const auto best = std::max_element(points.begin(), points.end(), less);
    if (best == points.end()) continue;
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(model.name);
    for (const std::string& cell : PointRow(*best)) row.push_back(cell);
  }
  std::vector<std::string> head = PointHead(PassOf(models));
  head.insert(head.begin(), "model");
  return MarkdownTable(head, rows);
}

std::string PointRows(const ByModel<ExplorationResults>& models) {
  std::vector<std::vector<std::string>> rows;
  for (const ExploredModel& model : models) {
    for (const ExplorationPoint& point : model.results.points) {
      rows.push_back(PointRow(point));
      rows.back().insert(rows.back().begin(), model.name);
    }
  }
  std::vector<std::string> head = PointHead(PassOf(models));
  head.insert(head.begin(), "model");
  return MarkdownTable(head, rows);
}

}  // namespace

std::string BestTemplate(const ExplorationResults& results) {
  std::string best;
  double highest = -1;
  for (const std::string& name : TemplatesOf(results)) {
    double sum = 0, points = 0;
    for (const ExplorationPoint& point : results.points) {
      if (point.template_name != name) continue;
      sum += std::isfinite(point.pass_at_k) ? point.pass_at_k : 0;
      points += 1;
    }
    if (sum / points <= highest) continue;
    highest = sum / points;
    best = name;
  }
  return best;
}

nlohmann::ordered_json ToJson(const ByModel<ExplorationResults>& models) {
  return ModelsJson("exploration", models);
}

std::string ToMarkdown(const ByModel<ExplorationResults>& models) {
  const std::string pass = PassOf(models);
  std::string text = absl::StrCat(
      "# What each model finds by sampling\n\nWhere its ", pass, " is highest:\n\n", BestRows(models),
      "\nThe highest of several settings flatters: below are all.\n\n", PassExplained(pass), "\n");
  if (MostTemplates(models) > 1) {
    absl::StrAppend(&text, "![", pass,
                    " over temperatures, of each model its best template](exploration_best.svg)\n\n",
                    "The template of each line is the one under which the model's ", pass,
                    " is highest on average over the temperatures.\n\n");
  }
  return absl::StrCat(
      text, "![", pass, " over temperatures, by model and template](exploration.svg)\n\n",
      "![Accuracy over temperatures, by model and template](accuracy.svg)\n\n## All settings\n\n",
      PointRows(models), ModelsPart(models));
}

std::map<std::string, std::string> ExplorationPlots(const ByModel<ExplorationResults>& models) {
  const std::string pass = PassOf(models);
  std::map<std::string, std::string> plots = {
      {"exploration.svg",
       LinesSvg(models, EmptyChart(absl::StrCat(pass, " over temperatures"), pass), PassPoint)},
      {"accuracy.svg",
       LinesSvg(models, EmptyChart("Accuracy over temperatures", "share of responses that are right"),
                AccuracyPoint)}};
  if (MostTemplates(models) > 1) {
    plots["exploration_best.svg"] =
        BestSvg(models, EmptyChart(absl::StrCat(pass, " under each model's best template"), pass));
  }
  return plots;
}

}  // namespace drover::analysis
