// A response with all that the analyses ask of it.
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "evaluation/records.h"
#include "statistics/clustered.h"

namespace drover::analysis {

struct Sample {
  std::string id;        // "none-t0.6/amc/12#3": its setting, question and index
  std::string question;  // the question's id: responses to one question are no independent trials
  std::string problem, text;
  bool correct = false;
  uint64_t tokens = 0;
};

// The responses of a record, in order.
std::vector<Sample> SamplesOf(const evaluation::QuestionRecord& record, const std::string& setting);

// The share of samples for which `is` holds, with an interval clustered by question.
template <typename Is>
statistics::ClusteredShare ShareOf(absl::Span<const Sample> samples, Is is);

// Groups `hits` (one a sample: whether it counts) by question.
std::vector<statistics::Cluster> ClustersOf(absl::Span<const Sample> samples, const std::vector<bool>& hits);

template <typename Is>
statistics::ClusteredShare ShareOf(absl::Span<const Sample> samples, Is is) {
  std::vector<bool> hits;
  for (size_t i = 0; i < samples.size(); ++i) hits.push_back(is(i));
  return statistics::ShareByQuestion(ClustersOf(samples, hits));
}

}  // namespace drover::analysis
