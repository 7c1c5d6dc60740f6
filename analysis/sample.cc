#include "analysis/sample.h"

#include <map>

#include "absl/strings/str_cat.h"

namespace drover::analysis {

std::vector<Sample> SamplesOf(const evaluation::QuestionRecord& record, const std::string& setting) {
  std::vector<Sample> samples;
  for (const evaluation::GradedResponse& graded : record.responses) {
    samples.push_back({.id = absl::StrCat(setting, "/", record.id, "#", samples.size()),
                       .question = record.id,
                       .problem = record.problem,
                       .text = graded.response.text,
                       .correct = graded.reward > 0.5,
                       .tokens = graded.response.tokens});
  }
  return samples;
}

std::vector<statistics::Cluster> ClustersOf(absl::Span<const Sample> samples, const std::vector<bool>& hits) {
  std::map<std::string, statistics::Cluster> clusters;
  for (size_t i = 0; i < samples.size(); ++i) {
    statistics::Cluster& cluster = clusters[samples[i].question];
    cluster.responses += 1;
    cluster.correct += hits[i] ? 1 : 0;
  }
  std::vector<statistics::Cluster> list;
  for (const auto& [question, cluster] : clusters) list.push_back(cluster);
  return list;
}

}  // namespace drover::analysis
