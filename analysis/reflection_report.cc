#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/keywords.h"
#include "analysis/markdown.h"
#include "analysis/reflection.h"
#include "plot/bar_chart.h"
#include "plot/xy_chart.h"

namespace drover::analysis {
namespace {

using Json = nlohmann::ordered_json;

double QuestionShare(const Found& found) {
  return found.of == 0 ? std::numeric_limits<double>::quiet_NaN()
                       : static_cast<double>(found.questions) / static_cast<double>(found.of);
}

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
  Json json = {{results.axis, results.axis == "step" ? Json(std::llround(group.x)) : Json(group.x)},
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

std::string X(double x) { return absl::StrFormat("%g", x); }

std::string QuestionsText(const Found& found) {
  return absl::StrCat(found.questions, " of ", found.of, ", ",
                      PercentWith(QuestionShare(found), found.questions_interval));
}

std::string FoundRows(const ReflectionResults& results) {
  std::vector<std::string> head = {results.axis, "responses", "found by", "of the responses",
                                   "of the questions"};
  std::vector<std::vector<std::string>> rows;
  for (const ReflectionGroup& group : results.groups) {
    const auto add = [&](const char* name, const Found& found) {
      rows.push_back({X(group.x), absl::StrCat(group.responses), name,
                      PercentWith(found.responses.share, found.responses.interval), QuestionsText(found)});
    };
    add("keywords", group.by_keywords);
    if (group.by_judge.has_value()) {
      add("judge", *group.by_judge);
      add("both", *group.by_both);
    }
  }
  return MarkdownTable(head, rows);
}

std::string CompareRows(const ReflectionResults& results) {
  std::vector<std::vector<std::string>> rows;
  for (const ReflectionGroup& group : results.groups) {
    const auto add = [&](const char* name, const WithAndWithout& compared) {
      const auto side = [](uint64_t count, const statistics::ClusteredShare& accuracy) {
        return count == 0 ? std::string("no response")
                          : absl::StrCat(PercentWith(accuracy.share, accuracy.interval), " of ", count);
      };
      rows.push_back(
          {X(group.x), name, side(compared.with, compared.accuracy_with),
           side(compared.without, compared.accuracy_without),
           PercentWith(compared.difference, compared.interval),
           compared.both_kinds == 0 ? "no question has both"
                                    : absl::StrCat(PercentWith(compared.within, compared.within_interval),
                                                   " over ", compared.both_kinds),
           absl::StrCat(Fixed(compared.tokens_with, 0), " / ", Fixed(compared.tokens_without, 0))});
    };
    add("keywords", group.keywords_accuracy);
    if (group.judge_accuracy.has_value()) add("judge", *group.judge_accuracy);
  }
  return MarkdownTable({results.axis, "found by", "right, with reflection", "right, without", "difference",
                        "difference within questions", "tokens with / without"},
                       rows);
}

std::string KeywordRows(const ReflectionResults& results) {
  std::vector<std::string> head = {"keyword"};
  for (const ReflectionGroup& group : results.groups)
    head.push_back(absl::StrCat(results.axis, " ", X(group.x)));
  std::vector<std::vector<std::string>> rows;
  const KeywordPool& pool = ReflectionKeywords();
  for (size_t i = 0; i < pool.keywords.size(); ++i) {
    std::vector<std::string> row = {pool.keywords[i]};
    for (const ReflectionGroup& group : results.groups) row.push_back(absl::StrCat(group.keyword_counts[i]));
    rows.push_back(row);
  }
  return MarkdownTable(head, rows);
}

std::string CategoryRows(const ReflectionResults& results) {
  std::vector<std::string> head = {results.axis};
  head.insert(head.end(), ReflectionTask().verdicts.begin(), ReflectionTask().verdicts.end());
  head.push_back("not understood");
  std::vector<std::vector<std::string>> rows;
  for (const ReflectionGroup& group : results.groups) {
    std::vector<std::string> row = {X(group.x)};
    for (uint64_t count : group.categories) row.push_back(absl::StrCat(count));
    row.push_back(absl::StrCat(group.not_understood));
    rows.push_back(row);
  }
  return absl::StrCat("\n## The judge's categories\n\n", MarkdownTable(head, rows), "\nThe judge is ",
                      results.judge, ".\n");
}

plot::Interval Band(const statistics::Interval& interval) { return {interval.low, interval.high}; }

// A line a way of finding, over temperatures or steps.
std::string SharesSvg(const ReflectionResults& results, bool questions) {
  plot::XyChart chart{
      .title = absl::StrCat("Self-reflection in ", questions ? "questions" : "responses", ": ",
                            ShortName(results.model)),
      .x = {.title = results.axis},
      .y = {.title = questions ? "share of questions" : "share of responses", .low = 0, .percent = true}};
  plot::XySeries keywords{.name = "keywords", .marks = true}, judge{.name = "judge", .marks = true},
      both{.name = "both", .marks = true};
  for (const ReflectionGroup& group : results.groups) {
    const auto point = [&](const Found& found) {
      return questions ? plot::XyPoint{group.x, QuestionShare(found), Band(found.questions_interval)}
                       : plot::XyPoint{group.x, found.responses.share, Band(found.responses.interval)};
    };
    keywords.points.push_back(point(group.by_keywords));
    if (!group.by_judge.has_value()) continue;
    judge.points.push_back(point(*group.by_judge));
    both.points.push_back(point(*group.by_both));
  }
  chart.series = {keywords};
  if (!results.judge.empty()) chart.series.insert(chart.series.end(), {judge, both});
  return plot::ToSvg(chart);
}

std::string CompareSvg(const ReflectionResults& results) {
  plot::BarChart chart{
      .title = absl::StrCat("Accuracy with and without self-reflection: ", ShortName(results.model)),
      .x_title = absl::StrCat(results.axis,
                              results.judge.empty() ? " (found by keywords)" : " (found by the judge)"),
      .y = {.title = "share of responses that are right", .low = 0, .percent = true}};
  plot::BarSeries with{.name = "with self-reflection"}, without{.name = "without"};
  for (const ReflectionGroup& group : results.groups) {
    const WithAndWithout& compared =
        group.judge_accuracy.has_value() ? *group.judge_accuracy : group.keywords_accuracy;
    const auto bar = [](const statistics::ClusteredShare& accuracy) {
      return plot::Bar{accuracy.share, Band(accuracy.interval)};
    };
    chart.categories.push_back(X(group.x));
    with.bars.push_back(bar(compared.accuracy_with));
    without.bars.push_back(bar(compared.accuracy_without));
  }
  chart.series = {with, without};
  return plot::ToSvg(chart);
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
      "# Self-reflection of ", results.model, "\n\n", FoundRows(results),
      "\nA response counts by keywords when one of the words below is in it, in any case; of a question, "
      "when at least one "
      "of its responses does. Intervals are 95 %, of responses clustered by question.\n\n"
      "![Share of responses with self-reflection](reflection_responses.svg)\n\n"
      "![Share of questions with self-reflection](reflection_questions.svg)\n\n## Does it help?\n\n",
      CompareRows(results),
      "\nThe difference compares all responses of the two kinds, so also different questions: hard ones may "
      "make a model "
      "reflect and fail. Within questions only those count that have responses of both kinds. An interval "
      "that holds 0 "
      "says that the difference may be chance.\n\n![Accuracy with and without "
      "self-reflection](reflection_accuracy.svg)\n",
      results.judge.empty() ? "" : CategoryRows(results), "\n## Keywords\n\n", KeywordRows(results),
      "\nResponses with each; the words are those of ", ReflectionKeywords().source, "\n\n## Settings\n\n",
      Quoted(results.settings.dump(1, ' ', false, Json::error_handler_t::replace), 10000));
}

std::map<std::string, std::string> ReflectionPlots(const ReflectionResults& results) {
  return {{"reflection_responses.svg", SharesSvg(results, false)},
          {"reflection_questions.svg", SharesSvg(results, true)},
          {"reflection_accuracy.svg", CompareSvg(results)}};
}

}  // namespace drover::analysis
