#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "analysis/keywords.h"
#include "analysis/markdown.h"
#include "analysis/reflection.h"
#include "analysis/reflection_rows.h"

namespace drover::analysis {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kStepAxis[] = "step";

Json FoundJson(const Found& found) {
  return {{"responses_share", NumberOrNull(found.responses.share)},
          {"responses_interval", IntervalOf(found.responses.share, found.responses.interval)},
          {"questions", found.questions},
          {"questions_of", found.of},
          {"questions_interval", IntervalOf(QuestionShare(found), found.questions_interval)}};
}

Json CompareJson(const WithAndWithout& compared) {
  return {{"with", compared.with},
          {"without", compared.without},
          {"accuracy_with", NumberOrNull(compared.accuracy_with.share)},
          {"accuracy_without", NumberOrNull(compared.accuracy_without.share)},
          {"difference", NumberOrNull(compared.difference)},
          {"interval", IntervalJson(compared.interval)},
          {"questions_with_both", compared.both_kinds},
          {"within_questions", NumberOrNull(compared.within)},
          {"within_interval", IntervalJson(compared.within_interval)},
          {"response_tokens_with", NumberOrNull(compared.tokens_with)},
          {"response_tokens_without", NumberOrNull(compared.tokens_without)}};
}

Json GroupJson(const ReflectionResults& results, const ReflectionGroup& group) {
  Json keywords = Json::object();
  const KeywordPool& pool = ReflectionKeywords();
  for (size_t i = 0; i < pool.keywords.size(); ++i) keywords[pool.keywords[i]] = group.keyword_counts[i];
  Json json = {{results.axis, results.axis == kStepAxis ? Json(std::llround(group.x)) : Json(group.x)},
               {"responses", group.responses},
               {"accuracy", NumberOrNull(group.accuracy.share)},
               {"response_tokens", NumberOrNull(group.tokens)},
               {"keywords", FoundJson(group.by_keywords)},
               {"keyword_counts", keywords},
               {"keywords_accuracy", CompareJson(group.keywords_accuracy)},
               {"judge", nullptr}};
  if (!group.by_judge.has_value()) return json;
  Json categories = Json::object();
  for (size_t i = 0; i < kReflectionCategories; ++i)
    categories[ReflectionTask().verdicts[i]] = group.categories[i];
  json["judge"] = {{"categories", categories},
                   {"not_understood", group.not_understood},
                   {"reflects", FoundJson(*group.by_judge)},
                   {"reflects_and_keywords", FoundJson(*group.by_both)},
                   {"accuracy", CompareJson(*group.judge_accuracy)}};
  return json;
}

// A table whose rows begin with the place on the axis; `rows_of` gives a group's.
template <typename RowsOf>
std::string GroupsTable(const ReflectionResults& results, std::vector<std::string> head, RowsOf rows_of) {
  head.insert(head.begin(), results.axis);
  std::vector<std::vector<std::string>> rows;
  for (const ReflectionGroup& group : results.groups) {
    for (std::vector<std::string>& row : rows_of(group)) {
      row.insert(row.begin(), PlaceText(group.x));
      rows.push_back(std::move(row));
    }
  }
  return MarkdownTable(head, rows);
}

std::string KeywordRows(const ReflectionResults& results) {
  std::vector<std::string> head = {"keyword"};
  for (const ReflectionGroup& group : results.groups)
    head.push_back(absl::StrCat(results.axis, " ", PlaceText(group.x)));
  std::vector<std::vector<std::string>> rows;
  const KeywordPool& pool = ReflectionKeywords();
  for (size_t i = 0; i < pool.keywords.size(); ++i) {
    std::vector<std::string> row = {pool.keywords[i]};
    for (const ReflectionGroup& group : results.groups) row.push_back(absl::StrCat(group.keyword_counts[i]));
    rows.push_back(row);
  }
  return MarkdownTable(head, rows);
}

std::string CategoriesPart(const ReflectionResults& results) {
  return absl::StrCat("\n## The judge's categories\n\n", GroupsTable(results, CategoryHead(), CategoryRows),
                      "\nThe judge is ", results.judge, ".\n");
}

// A line a way of finding, over temperatures or steps.
std::string SharesSvg(const ReflectionResults& results, bool questions) {
  plot::XyChart chart{
      .title = absl::StrCat("Self-reflection in ", questions ? "questions" : "responses", ": ",
                            ShortName(results.model)),
      .x = {.title = results.axis},
      .y = {.title = questions ? "share of questions" : "share of responses", .low = 0, .percent = true}};
  for (const ReflectionGroup& group : results.groups) {
    const std::vector<FoundBy> all = FoundByAll(group);
    chart.series.resize(std::max(chart.series.size(), all.size()));
    for (size_t i = 0; i < all.size(); ++i) {
      chart.series[i].name = all[i].name;
      chart.series[i].marks = true;
      chart.series[i].points.push_back(SharePoint(group.x, *all[i].found, questions));
    }
  }
  return plot::ToSvg(chart);
}

// Accuracy at temperatures, which are choices: bars.
std::string CompareBars(const ReflectionResults& results, plot::BarChart chart) {
  for (const ReflectionGroup& group : results.groups) {
    chart.categories.push_back(PlaceText(group.x));
    chart.series[0].bars.push_back(AccuracyBar(Compared(group).accuracy_with));
    chart.series[1].bars.push_back(AccuracyBar(Compared(group).accuracy_without));
  }
  return plot::ToSvg(chart);
}

// Accuracy over steps, which are a course: lines.
std::string CompareLines(const ReflectionResults& results, plot::XyChart chart) {
  for (const ReflectionGroup& group : results.groups) {
    const auto add = [&](plot::XySeries& series, const statistics::ClusteredShare& accuracy) {
      const plot::Bar bar = AccuracyBar(accuracy);
      series.points.push_back({group.x, bar.value, bar.interval});
    };
    add(chart.series[0], Compared(group).accuracy_with);
    add(chart.series[1], Compared(group).accuracy_without);
  }
  return plot::ToSvg(chart);
}

std::string CompareSvg(const ReflectionResults& results) {
  const std::string title =
      absl::StrCat("Accuracy with and without self-reflection: ", ShortName(results.model));
  const std::string x =
      absl::StrCat(results.axis, results.judge.empty() ? " (found by keywords)" : " (found by the judge)");
  const plot::Axis y{.title = "share of responses that are right", .low = 0, .percent = true};
  const char *with = "with self-reflection", *without = "without";
  if (results.axis == kStepAxis) {
    return CompareLines(results,
                        {.title = title,
                         .x = {.title = x},
                         .y = y,
                         .series = {{.name = with, .marks = true}, {.name = without, .marks = true}}});
  }
  return CompareBars(results,
                     {.title = title, .x_title = x, .y = y, .series = {{.name = with}, {.name = without}}});
}

}  // namespace

Json ToJson(const ReflectionResults& results) {
  Json json = {{"analysis", "reflection"}, {"model", results.model}, {"settings", results.settings}};
  json["judge"] = results.judge.empty() ? Json() : Json(results.judge);
  json["keywords_source"] = ReflectionKeywords().source;
  json["groups"] = Json::array();
  for (const ReflectionGroup& group : results.groups) json["groups"].push_back(GroupJson(results, group));
  return json;
}

std::string ToMarkdown(const ReflectionResults& results) {
  return absl::StrCat(
      "# Self-reflection of ", results.model, "\n\n", GroupsTable(results, FoundHead(), FoundRows), "\n",
      kFoundExplained,
      "\n"
      "![Share of responses with self-reflection](reflection_responses.svg)\n\n"
      "![Share of questions with self-reflection](reflection_questions.svg)\n\n## Does it help?\n\n",
      GroupsTable(results, CompareHead(), CompareRows), "\n", kCompareExplained,
      "\n![Accuracy with and without self-reflection](reflection_accuracy.svg)\n",
      results.judge.empty() ? "" : CategoriesPart(results), "\n## Keywords\n\n", KeywordRows(results),
      "\nResponses with each; the words are those of ", ReflectionKeywords().source, "\n\n## Settings\n\n",
      Quoted(results.settings.dump(1, ' ', false, Json::error_handler_t::replace), 10000));
}

std::map<std::string, std::string> ReflectionPlots(const ReflectionResults& results) {
  return {{"reflection_responses.svg", SharesSvg(results, false)},
          {"reflection_questions.svg", SharesSvg(results, true)},
          {"reflection_accuracy.svg", CompareSvg(results)}};
}

}  // namespace drover::analysis
