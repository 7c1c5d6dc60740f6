#include "study/charts.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "plot/bar_chart.h"
#include "plot/xy_chart.h"
#include "statistics/moments.h"

namespace drover::study {
namespace {

std::string Label(const v1::StudyArm& arm) { return arm.label().empty() ? arm.name() : arm.label(); }

plot::Interval Band(const std::vector<double>& values, double alpha, const statistics::Interval& range) {
  const statistics::Interval interval = statistics::MeanInterval(values, 1 - alpha).Within(range);
  return {interval.low, interval.high};
}

Chart Bars(const StudyResult& result, v1::StudyMeasure measure) {
  const v1::Study& study = result.definition.study;
  plot::BarChart chart;
  chart.title = MeasureName(measure);
  chart.y.title = absl::StrCat(MeasureName(measure), " (", MeasureUnit(measure), ")");
  chart.series.emplace_back();
  const Measured measured = MeasuredByArm(result, measure);
  for (const v1::StudyArm& arm : study.arms()) {
    std::vector<double> values;
    if (const auto seeds = measured.find(arm.name()); seeds != measured.end()) {
      for (const std::optional<double>& value : seeds->second) {
        if (value.has_value()) values.push_back(*value);
      }
    }
    chart.categories.push_back(Label(arm));
    chart.series[0].bars.push_back(
        {.value = statistics::Mean(values), .interval = Band(values, study.alpha(), MeasureRange(measure))});
  }
  return {absl::StrReplaceAll(chart.title, {{" ", "-"}}) + ".svg", absl::StrCat(chart.title, " by arm"),
          plot::ToSvg(chart)};
}

plot::XySeries Line(const StudyResult& result, int arm, const std::string& field) {
  plot::XySeries line;
  line.name = Label(result.definition.study.arms(arm));
  std::vector<std::vector<double>> by_rollout;
  for (const FinishedRun& run : result.runs) {
    if (run.plan.arm != arm) continue;
    const std::vector<double> curve = Curve(run.record, field);
    by_rollout.resize(std::max(by_rollout.size(), curve.size()));
    for (size_t i = 0; i < curve.size(); ++i) {
      if (std::isfinite(curve[i])) by_rollout[i].push_back(curve[i]);
    }
  }
  for (size_t i = 0; i < by_rollout.size(); ++i) {
    line.points.push_back({static_cast<double>(i + 1), statistics::Mean(by_rollout[i]),
                           Band(by_rollout[i], result.definition.study.alpha(), CurveRange(field))});
  }
  return line;
}

Chart Curves(const StudyResult& result, const std::string& field) {
  plot::XyChart chart;
  chart.title = absl::StrReplaceAll(field, {{"_", " "}});
  chart.x.title = "rollouts";
  chart.y.title = chart.title;
  for (int arm = 0; arm < result.definition.study.arms_size(); ++arm)
    chart.series.push_back(Line(result, arm, field));
  return {absl::StrCat("curve-", absl::StrReplaceAll(field, {{"_", "-"}}), ".svg"),
          absl::StrCat(chart.title, " over rollouts"), plot::ToSvg(chart)};
}

}  // namespace

std::vector<Chart> Charts(const StudyResult& result) {
  std::vector<Chart> charts;
  for (const v1::StudyMeasure measure : MeasuresOf(result.definition.study))
    charts.push_back(Bars(result, measure));
  for (const std::string& field : result.definition.study.curves()) charts.push_back(Curves(result, field));
  return charts;
}

}  // namespace drover::study
