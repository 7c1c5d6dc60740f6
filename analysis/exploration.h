// How much there is for reinforcement learning to find: pass@k over templates and temperatures. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "analysis/sample.h"
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

}  // namespace drover::analysis
