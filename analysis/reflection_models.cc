#include "analysis/reflection_models.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "analysis/keywords.h"
#include "analysis/markdown.h"
#include "analysis/reflection_rows.h"

namespace drover::analysis {
namespace {

using ReflectingModel = OfModel<ReflectionResults>;

// A table whose rows begin with the model and the place on the axis; `rows_of` gives a group's.
template <typename RowsOf>
std::string ModelGroupsTable(const ByModel<ReflectionResults>& models, std::vector<std::string> head,
                             RowsOf rows_of) {
  head.insert(head.begin(), {"model", models.empty() ? "temperature" : models[0].results.axis});
  std::vector<std::vector<std::string>> rows;
  for (const ReflectingModel& model : models) {
    for (const ReflectionGroup& group : model.results.groups) {
      for (std::vector<std::string>& row : rows_of(group)) {
        row.insert(row.begin(), {model.name, PlaceText(group.x)});
        rows.push_back(std::move(row));
      }
    }
  }
  return MarkdownTable(head, rows);
}

// Over all temperatures: a column a model.
std::string KeywordColumns(const ByModel<ReflectionResults>& models) {
  std::vector<std::string> head = {"keyword"};
  std::vector<std::vector<std::string>> rows;
  for (const std::string& keyword : ReflectionKeywords().keywords) rows.push_back({keyword});
  for (const ReflectingModel& model : models) {
    head.push_back(model.name);
    for (size_t i = 0; i < rows.size(); ++i) {
      uint64_t count = 0;
      for (const ReflectionGroup& group : model.results.groups) count += group.keyword_counts[i];
      rows[i].push_back(absl::StrCat(count));
    }
  }
  return MarkdownTable(head, rows);
}

bool OnePlaceEach(const ByModel<ReflectionResults>& models) {
  return std::all_of(models.begin(), models.end(),
                     [](const ReflectingModel& model) { return model.results.groups.size() <= 1; });
}

// A colour a model; with a judge dashes and marks say who found it.
std::string ShareLines(const ByModel<ReflectionResults>& models, const std::string& title,
                       const plot::Axis& y, bool questions) {
  plot::XyChart chart{.title = title, .x = {.title = models[0].results.axis}, .y = y};
  const bool judge = !models[0].results.judge.empty();
  for (size_t model = 0; model < models.size(); ++model) {
    std::vector<plot::XySeries> lines;
    for (const ReflectionGroup& group : models[model].results.groups) {
      const std::vector<FoundBy> all = FoundByAll(group);
      lines.resize(std::max(lines.size(), all.size()));
      for (size_t i = 0; i < all.size(); ++i) {
        lines[i] = {.name = judge ? absl::StrCat(models[model].name, ", ", all[i].name) : models[model].name,
                    .points = std::move(lines[i].points),
                    .marks = true,
                    .intervals = !judge && models.size() <= kMostBands,
                    .colour = model,
                    .pattern = judge ? i : model};
        lines[i].points.push_back(SharePoint(group.x, *all[i].found, questions));
      }
    }
    std::move(lines.begin(), lines.end(), std::back_inserter(chart.series));
  }
  return plot::ToSvg(chart);
}

std::string ShareBars(const ByModel<ReflectionResults>& models, const std::string& title, const plot::Axis& y,
                      bool questions) {
  plot::BarChart chart{.title = title, .x_title = "model", .y = y};
  for (const ReflectingModel& model : models) {
    chart.categories.push_back(model.name);
    for (const ReflectionGroup& group : model.results.groups) {
      const std::vector<FoundBy> all = FoundByAll(group);
      chart.series.resize(std::max(chart.series.size(), all.size()));
      for (size_t i = 0; i < all.size(); ++i) {
        const plot::XyPoint point = SharePoint(group.x, *all[i].found, questions);
        chart.series[i].name = all[i].name;
        chart.series[i].bars.push_back({point.y, point.band});
      }
    }
  }
  return plot::ToSvg(chart);
}

std::string ModelSharesSvg(const ByModel<ReflectionResults>& models, bool questions) {
  const std::string of = questions ? "questions" : "responses";
  const plot::Axis y{.title = absl::StrCat("share of ", of), .low = 0, .percent = true};
  const std::string title = absl::StrCat("Self-reflection in ", of, ", by model");
  return OnePlaceEach(models) ? ShareBars(models, title, y, questions)
                              : ShareLines(models, title, y, questions);
}

std::string ModelCompareSvg(const ByModel<ReflectionResults>& models) {
  plot::BarChart chart{.title = "Accuracy with and without self-reflection, by model",
                       .y = {.title = "share of responses that are right", .low = 0, .percent = true}};
  chart.series = {{.name = "with self-reflection"}, {.name = "without"}};
  const bool one = OnePlaceEach(models);
  for (const ReflectingModel& model : models) {
    const char* found = model.results.judge.empty() ? " (found by keywords)" : " (found by the judge)";
    chart.x_title = absl::StrCat(one ? "model" : absl::StrCat("model and ", model.results.axis), found);
    for (const ReflectionGroup& group : model.results.groups) {
      chart.categories.push_back(one ? model.name : absl::StrCat(model.name, ", ", PlaceText(group.x)));
      chart.series[0].bars.push_back(AccuracyBar(Compared(group).accuracy_with));
      chart.series[1].bars.push_back(AccuracyBar(Compared(group).accuracy_without));
    }
  }
  return plot::ToSvg(chart);
}

std::string CategoriesOfModels(const ByModel<ReflectionResults>& models) {
  if (models.empty() || models[0].results.judge.empty()) return "";
  return absl::StrCat("\n## The judge's categories\n\n",
                      ModelGroupsTable(models, CategoryHead(), CategoryRows), "\nThe judge is ",
                      models[0].results.judge, ".\n");
}

}  // namespace

nlohmann::ordered_json ToJson(const ByModel<ReflectionResults>& models) {
  return ModelsJson("reflection", models);
}

std::string ToMarkdown(const ByModel<ReflectionResults>& models) {
  return absl::StrCat("# Self-reflection of each model\n\n", ModelGroupsTable(models, FoundHead(), FoundRows),
                      "\n", kFoundExplained,
                      "\n![Share of responses with self-reflection, by model](reflection_responses.svg)\n\n"
                      "![Share of questions with self-reflection, by model](reflection_questions.svg)\n\n## "
                      "Does it help?\n\n",
                      ModelGroupsTable(models, CompareHead(), CompareRows), "\n", kCompareExplained,
                      "\n![Accuracy with and without self-reflection, by model](reflection_accuracy.svg)\n",
                      CategoriesOfModels(models), "\n## Keywords\n\n", KeywordColumns(models),
                      "\nResponses with each, over all temperatures; the words are those of ",
                      ReflectionKeywords().source, "\n", ModelsPart(models));
}

std::map<std::string, std::string> ReflectionPlots(const ByModel<ReflectionResults>& models) {
  return {{"reflection_responses.svg", ModelSharesSvg(models, false)},
          {"reflection_questions.svg", ModelSharesSvg(models, true)},
          {"reflection_accuracy.svg", ModelCompareSvg(models)}};
}

}  // namespace drover::analysis
