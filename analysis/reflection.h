// Self-reflection in responses: how often, found by keywords, by a judge and by both, and whether responses that have it are right more
// often. Pure.
#pragma once

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/judge_run.h"
#include "analysis/sample.h"
#include "statistics/interval.h"

namespace drover::analysis {

// How often something was found.
struct Found {
  statistics::ClusteredShare responses;     // share of the responses, clustered by question
  uint64_t questions = 0, of = 0;           // with at least one such response, of so many
  statistics::Interval questions_interval;  // Wilson's, 95 %
};

// Responses with self-reflection beside those without.
struct WithAndWithout {
  uint64_t with = 0, without = 0;  // responses
  statistics::ClusteredShare accuracy_with, accuracy_without;
  // accuracy with minus accuracy without, with a 95 % bootstrap interval (BCa, as if responses were independent); not a number where one
  // side is empty. Questions differ in how much they make a model reflect, so this compares different questions ...
  double difference = 0;
  statistics::Interval interval;
  // ... and this does not: the mean, over questions that have responses of both kinds, of the difference within the question.
  uint64_t both_kinds = 0;
  double within = 0;
  statistics::Interval within_interval;
  double tokens_with = 0, tokens_without = 0;  // means
};

// One temperature, or one step of a run.
struct ReflectionGroup {
  double x = 0;
  uint64_t responses = 0;
  statistics::ClusteredShare accuracy;
  double tokens = 0;  // mean
  Found by_keywords;
  std::vector<uint64_t> keyword_counts;  // responses with each keyword of the pool
  WithAndWithout keywords_accuracy;
  // With a judge, of the responses that it was understood about:
  std::optional<Found> by_judge, by_both;
  std::array<uint64_t, kReflectionCategories> categories = {};
  uint64_t not_understood = 0;
  std::optional<WithAndWithout> judge_accuracy;
};

// `judgements`: of the samples, in their order; empty without a judge.
ReflectionGroup MeasureReflection(double x, absl::Span<const Sample> samples,
                                  absl::Span<const Judgement> judgements);

struct ReflectionResults {
  std::string model;
  nlohmann::ordered_json settings;
  std::string axis = "temperature";  // or "step"
  std::string judge;                 // empty: none
  std::vector<ReflectionGroup> groups;
};

nlohmann::ordered_json ToJson(const ReflectionResults& results);
std::string ToMarkdown(const ReflectionResults& results);

// The report's plots, by the names of their files.
std::map<std::string, std::string> ReflectionPlots(const ReflectionResults& results);

}  // namespace drover::analysis
