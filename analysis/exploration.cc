#include "analysis/exploration.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/markdown.h"
#include "plot/xy_chart.h"
#include "statistics/bootstrap.h"
#include "statistics/moments.h"
#include "statistics/pass_at_k.h"

namespace drover::analysis {
namespace {

using Json = nlohmann::ordered_json;

// A line a template, in the order of their first points.
template <typename Value>
plot::XyChart Chart(const ExplorationResults& results, const std::string& title, const std::string& y_title,
                    Value value) {
  plot::XyChart chart{.title = absl::StrCat(title, ": ", ShortName(results.model)),
                      .x = {.title = "temperature"},
                      .y = {.title = y_title, .low = 0, .percent = true}};
  for (const ExplorationPoint& point : results.points) {
    const auto same = [&](const plot::XySeries& series) { return series.name == point.template_name; };
    auto series = std::find_if(chart.series.begin(), chart.series.end(), same);
    if (series == chart.series.end()) {
      series = chart.series.insert(series, {.name = point.template_name, .marks = true});
    }
    series->points.push_back(value(point));
  }
  return chart;
}

}  // namespace

ExplorationPoint MeasurePoint(const std::string& template_name, double temperature, uint32_t k,
                              absl::Span<const Sample> samples) {
  ExplorationPoint point{.template_name = template_name, .temperature = temperature, .k = k};
  std::vector<bool> correct;
  std::vector<double> passes, tokens;
  for (const Sample& sample : samples) {
    correct.push_back(sample.correct);
    tokens.push_back(static_cast<double>(sample.tokens));
  }
  for (const statistics::Cluster& question : ClustersOf(samples, correct)) {
    passes.push_back(statistics::PassAtK(question.responses, question.correct, k));
    point.n = static_cast<uint32_t>(question.responses);
  }
  point.questions = passes.size();
  const statistics::BootstrapIntervals intervals = statistics::BootstrapMean(passes);
  point.pass_at_k = intervals.estimate;
  point.interval = intervals.bca;
  // Drawing equal values again says nothing about others: then it is Wilson's, questions counting as trials.
  const bool equal = std::adjacent_find(passes.begin(), passes.end(), std::not_equal_to<>()) == passes.end();
  if (equal && !passes.empty()) {
    point.interval = statistics::WilsonInterval(point.pass_at_k, static_cast<double>(passes.size()));
  }
  point.mean_at_k = statistics::ShareByQuestion(ClustersOf(samples, correct));
  point.tokens = statistics::Mean(tokens);
  return point;
}

Json ToJson(const ExplorationResults& results) {
  Json json = {{"analysis", "exploration"}, {"model", results.model}, {"settings", results.settings}};
  json["points"] = Json::array();
  for (const ExplorationPoint& point : results.points) {
    json["points"].push_back({{"template", point.template_name},
                              {"temperature", point.temperature},
                              {"questions", point.questions},
                              {"n", point.n},
                              {"k", point.k},
                              {"pass_at_k", NumberOrNull(point.pass_at_k)},
                              {"interval", IntervalJson(point.interval)},
                              {"mean_at_k", point.mean_at_k.share},
                              {"mean_at_k_interval", IntervalJson(point.mean_at_k.interval)},
                              {"response_tokens", NumberOrNull(point.tokens)}});
  }
  return json;
}

std::vector<std::string> PointHead(const std::string& pass) {
  return {"template", "temperature", "questions", "responses each", pass, "correct", "tokens, mean"};
}

std::vector<std::string> PointRow(const ExplorationPoint& point) {
  return {point.template_name,
          absl::StrFormat("%g", point.temperature),
          absl::StrCat(point.questions),
          absl::StrCat(point.n),
          PercentWith(point.pass_at_k, point.interval),
          PercentWith(point.mean_at_k.share, point.mean_at_k.interval),
          Fixed(point.tokens, 0)};
}

std::string PassName(const ExplorationResults& results) {
  return results.points.empty() ? "pass@k" : absl::StrCat("pass@", results.points[0].k);
}

std::string PassExplained(const std::string& pass) {
  return absl::StrCat(
      pass,
      " is the unbiased estimate of the chance that at least one of so many responses is right, the mean "
      "over questions; its interval is 95 %, bootstrapped over questions (BCa; Wilson's where all questions "
      "are "
      "alike). At temperature 0 all responses are the same. A policy that finds no right response has "
      "nothing to "
      "learn from.\n");
}

plot::XyPoint PassPoint(const ExplorationPoint& point) {
  return {point.temperature, point.pass_at_k, plot::Interval{point.interval.low, point.interval.high}};
}

plot::XyPoint AccuracyPoint(const ExplorationPoint& point) {
  const statistics::Interval& interval = point.mean_at_k.interval;
  return {point.temperature, point.mean_at_k.share, plot::Interval{interval.low, interval.high}};
}

std::string ToMarkdown(const ExplorationResults& results) {
  const std::string pass = PassName(results);
  std::vector<std::vector<std::string>> rows;
  for (const ExplorationPoint& point : results.points) rows.push_back(PointRow(point));
  return absl::StrCat(
      "# What ", results.model, " finds by sampling\n\n", MarkdownTable(PointHead(pass), rows), "\n",
      PassExplained(pass), "\n![", pass,
      " over temperatures](exploration.svg)\n\n![Accuracy over temperatures](accuracy.svg)\n\n## "
      "Settings\n\n",
      Quoted(results.settings.dump(1, ' ', false, Json::error_handler_t::replace), 10000));
}

std::string ExplorationSvg(const ExplorationResults& results) {
  const std::string pass = results.points.empty() ? "pass@8" : PassName(results);
  return plot::ToSvg(Chart(results, pass, pass, PassPoint));
}

std::string AccuracySvg(const ExplorationResults& results) {
  return plot::ToSvg(Chart(results, "Accuracy", "share of responses that are right", AccuracyPoint));
}

}  // namespace drover::analysis
