#include "analysis/answering_models.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "absl/strings/str_cat.h"
#include "analysis/markdown.h"
#include "plot/bar_chart.h"

namespace drover::analysis {
namespace {

using statistics::ClusteredShare;
using AnsweringModel = OfModel<AnsweringResults>;

// What of a template is looked at; null where a judge said nothing.
using ShareIn = std::function<const ClusteredShare*(const TemplateAnswering&)>;

const ClusteredShare* ByRules(const TemplateAnswering& measured) { return &measured.answers; }
const ClusteredShare* ByJudge(const TemplateAnswering& measured) {
  return measured.judge.has_value() ? &measured.judge->answers : nullptr;
}

bool HasJudge(const ByModel<AnsweringResults>& models) {
  return !models.empty() && !models[0].results.judge.empty();
}

// A row a model, a column a template.
std::string AnsweringShares(const ByModel<AnsweringResults>& models, const ShareIn& share_in) {
  std::vector<std::string> head = {"model"};
  std::vector<std::vector<std::string>> rows;
  for (const AnsweringModel& model : models) {
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(model.name);
    for (const TemplateAnswering& measured : model.results.templates) {
      if (rows.size() == 1) head.push_back(measured.name);
      const ClusteredShare* share = share_in(measured);
      row.push_back(share == nullptr ? "–" : PercentWith(share->share, share->interval));
    }
  }
  return MarkdownTable(head, rows);
}

std::string TemplatesOfModels(const ByModel<AnsweringResults>& models) {
  const bool judge = HasJudge(models);
  std::vector<std::string> head = {"model"};
  for (const std::string& title : TemplateHead(judge)) head.push_back(title);
  std::vector<std::vector<std::string>> rows;
  for (const AnsweringModel& model : models) {
    for (const TemplateAnswering& measured : model.results.templates) {
      std::vector<std::string>& row = rows.emplace_back();
      row.push_back(model.name);
      for (const std::string& cell : TemplateRow(measured, judge)) row.push_back(cell);
    }
  }
  return MarkdownTable(head, rows);
}

std::string AgreementRows(const ByModel<AnsweringResults>& models) {
  if (!HasJudge(models)) return "";
  std::vector<std::vector<std::string>> rows;
  for (const AnsweringModel& model : models) {
    if (!model.results.rules_judge.has_value()) continue;
    const Agreement& agreement = *model.results.rules_judge;
    rows.push_back(
        {model.name, absl::StrCat(agreement.total), Percent(agreement.agreed), Fixed(agreement.kappa, 2)});
  }
  return absl::StrCat("\nRules and judge on the models' responses:\n\n",
                      MarkdownTable({"model", "responses", "agreed on", "Cohen's kappa"}, rows));
}

std::string AnsweringModelsSvg(const ByModel<AnsweringResults>& models, const std::string& by,
                               const ShareIn& share_in) {
  plot::BarChart chart{.title = absl::StrCat("Responses that answer the question, by ", by),
                       .x_title = "model",
                       .y = {.title = "share of responses", .low = 0, .high = 1, .percent = true}};
  for (const AnsweringModel& model : models) {
    chart.categories.push_back(model.name);
    const std::vector<TemplateAnswering>& templates = model.results.templates;
    chart.series.resize(std::max(chart.series.size(), templates.size()));
    for (size_t i = 0; i < templates.size(); ++i) {
      chart.series[i].name = templates[i].name;
      const ClusteredShare* share = share_in(templates[i]);
      chart.series[i].bars.push_back(
          share == nullptr
              ? plot::Bar{std::numeric_limits<double>::quiet_NaN()}
              : plot::Bar{share->share, plot::Interval{share->interval.low, share->interval.high}});
    }
  }
  return plot::ToSvg(chart);
}

}  // namespace

nlohmann::ordered_json ToJson(const ByModel<AnsweringResults>& models) {
  return ModelsJson("answering", models);
}

std::string ToMarkdown(const ByModel<AnsweringResults>& models) {
  const bool judge = HasJudge(models);
  std::string text = absl::StrCat(
      "# Which template makes each model answer\n\nShare of responses that answer, by the rules:\n\n",
      AnsweringShares(models, ByRules));
  if (judge) {
    absl::StrAppend(&text, "\nBy the judge, ", models[0].results.judge, ":\n\n",
                    AnsweringShares(models, ByJudge));
  }
  absl::StrAppend(&text,
                  "\nIntervals are 95 %, clustered by question. A response answers when it says something "
                  "towards the result of its "
                  "question, right or wrong; others go on with the text.\n\n![Share of responses that "
                  "answer, by model and "
                  "template](answering.svg)\n");
  if (judge) absl::StrAppend(&text, "\n![The same by the judge](answering_judge.svg)\n");
  absl::StrAppend(&text, "\n## All of it\n\n", TemplatesOfModels(models), "\n");
  if (!models.empty()) {
    absl::StrAppend(&text, "## How far the judges can be believed\n\n", LabelsAgreement(models[0].results));
  }
  return absl::StrCat(text, AgreementRows(models), ModelsPart(models),
                      "\nResponses to read are in their reports.\n");
}

std::map<std::string, std::string> AnsweringPlots(const ByModel<AnsweringResults>& models) {
  std::map<std::string, std::string> plots = {
      {"answering.svg", AnsweringModelsSvg(models, "the rules", ByRules)}};
  if (HasJudge(models)) plots["answering_judge.svg"] = AnsweringModelsSvg(models, "the judge", ByJudge);
  return plots;
}

}  // namespace drover::analysis
