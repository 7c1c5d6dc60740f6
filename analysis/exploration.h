// How much there is for reinforcement learning to find: pass@k over templates and temperatures. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/sample.h"
#include "plot/xy_chart.h"
#include "statistics/interval.h"

namespace drover::analysis {

struct ExplorationPoint {
  std::string template_name;
  double temperature = 0;
  uint64_t questions = 0;
  uint32_t n = 0, k = 0;  // responses a question; of pass@k
  double pass_at_k = 0;   // unbiased, mean over questions
  statistics::Interval
      interval;  // 95 %, BCa bootstrap over questions; Wilson's where all have the same estimate
  statistics::ClusteredShare mean_at_k;  // accuracy over all responses
  double tokens = 0;                     // mean
};

// Each question of `samples` has the same number of responses, at least k.
ExplorationPoint MeasurePoint(const std::string& template_name, double temperature, uint32_t k,
                              absl::Span<const Sample> samples);

struct ExplorationResults {
  std::string model;
  nlohmann::ordered_json settings;
  std::vector<ExplorationPoint> points;  // by template, then temperature
};

nlohmann::ordered_json ToJson(const ExplorationResults& results);
std::string ToMarkdown(const ExplorationResults& results);
// pass@k over temperatures, a line a template.
std::string ExplorationSvg(const ExplorationResults& results);
// The same of the accuracy of single responses.
std::string AccuracySvg(const ExplorationResults& results);

// Pieces of them, for reports of several models: "pass@8" (`pass` below), the cells of a point under their head, what pass@k is, and
// where a point stands in either plot.
std::string PassName(const ExplorationResults& results);
std::vector<std::string> PointHead(const std::string& pass);
std::vector<std::string> PointRow(const ExplorationPoint& point);
std::string PassExplained(const std::string& pass);
plot::XyPoint PassPoint(const ExplorationPoint& point);
plot::XyPoint AccuracyPoint(const ExplorationPoint& point);

}  // namespace drover::analysis
