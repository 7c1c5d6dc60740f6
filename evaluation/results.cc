#include "evaluation/results.h"

#include <algorithm>
#include <cmath>

#include "statistics/clustered.h"
#include "statistics/moments.h"
#include "statistics/pass_at_k.h"

namespace drover::evaluation {
namespace {

using nlohmann::ordered_json;
using Questions = std::vector<const QuestionOutcome*>;

// With one response a question the questions are the trials, and the interval is Wilson's.
Accuracy AccuracyOf(const Questions& questions) {
  std::vector<statistics::Cluster> clusters;
  uint64_t correct = 0, responses = 0;
  for (const QuestionOutcome* question : questions) {
    clusters.push_back({.correct = question->correct(), .responses = question->responses.size()});
    correct += clusters.back().correct;
    responses += clusters.back().responses;
  }
  Accuracy accuracy = {.questions = questions.size(),
                       .accuracy = static_cast<double>(correct) / static_cast<double>(responses)};
  accuracy.interval = responses == questions.size()
                          ? statistics::WilsonInterval(accuracy.accuracy, static_cast<double>(responses))
                          : statistics::ShareByQuestion(clusters).interval;
  return accuracy;
}

template <typename Label>
std::map<std::string, Accuracy> AccuracyBy(const Questions& questions, Label label) {
  std::map<std::string, Questions> groups;
  for (const QuestionOutcome* question : questions) {
    if (!label(*question).empty()) groups[label(*question)].push_back(question);
  }
  std::map<std::string, Accuracy> accuracies;
  for (const auto& [name, members] : groups) accuracies[name] = AccuracyOf(members);
  return accuracies;
}

double PassAt(uint64_t k, const Questions& questions) {
  std::vector<double> each;
  for (const QuestionOutcome* question : questions) {
    each.push_back(statistics::PassAtK(question->responses.size(), question->correct(), k));
  }
  return statistics::Mean(each);
}

// Of k, doubled as long as every question has so many responses, and of those n.
std::map<uint32_t, double> PassAtDoublings(const Questions& questions, uint32_t n) {
  std::map<uint32_t, double> pass;
  for (uint64_t k = 1; k < n; k *= 2) pass[static_cast<uint32_t>(k)] = PassAt(k, questions);
  if (n > 0) pass[n] = PassAt(n, questions);
  return pass;
}

class MeanTokens {
 public:
  void Add(uint64_t tokens) {
    sum_ += static_cast<double>(tokens);
    ++count_;
  }
  std::optional<double> value() const {
    return count_ == 0 ? std::nullopt : std::optional<double>(sum_ / static_cast<double>(count_));
  }

 private:
  double sum_ = 0;
  uint64_t count_ = 0;
};

void AddResponses(const Questions& questions, BenchmarkResults& results) {
  MeanTokens all, correct, incorrect;
  uint64_t responses = 0, formatted = 0, truncated = 0;
  for (const QuestionOutcome* question : questions) {
    for (const ResponseOutcome& response : question->responses) {
      ++responses;
      formatted += response.formatted ? 1 : 0;
      truncated += response.truncated ? 1 : 0;
      all.Add(response.tokens);
      (response.correct ? correct : incorrect).Add(response.tokens);
    }
  }
  results.tokens = all.value();
  results.tokens_correct = correct.value();
  results.tokens_incorrect = incorrect.value();
  results.formatted = static_cast<double>(formatted) / static_cast<double>(responses);
  results.truncated = static_cast<double>(truncated) / static_cast<double>(responses);
}

BenchmarkResults ResultsOf(const std::string& name, const Questions& questions) {
  BenchmarkResults results;
  results.name = name;
  results.all = AccuracyOf(questions);
  size_t n = questions.front()->responses.size();
  for (const QuestionOutcome* question : questions) n = std::min(n, question->responses.size());
  results.n = static_cast<uint32_t>(n);
  results.pass_at_k = PassAtDoublings(questions, results.n);
  AddResponses(questions, results);
  results.levels = AccuracyBy(questions, [](const QuestionOutcome& q) { return q.level; });
  results.subjects = AccuracyBy(questions, [](const QuestionOutcome& q) { return q.subject; });
  return results;
}

ordered_json OrNull(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json();
}
ordered_json ToJson(const statistics::Interval& interval) { return {interval.low, interval.high}; }

ordered_json ToJson(const std::map<std::string, Accuracy>& groups) {
  ordered_json json = ordered_json::object();
  for (const auto& [name, group] : groups) {
    json[name] = {
        {"questions", group.questions}, {"accuracy", group.accuracy}, {"interval", ToJson(group.interval)}};
  }
  return json;
}

ordered_json ToJson(const BenchmarkResults& results) {
  ordered_json json = {{"questions", results.all.questions},
                       {"accuracy", results.all.accuracy},
                       {"interval", ToJson(results.all.interval)}};
  ordered_json& pass = json["pass_at_k"] = ordered_json::object();
  for (const auto& [k, value] : results.pass_at_k) pass[std::to_string(k)] = value;
  json["mean_at_k"] = {{std::to_string(results.n), results.all.accuracy}};
  json["response_tokens"] = {{"mean", OrNull(results.tokens)},
                             {"correct", OrNull(results.tokens_correct)},
                             {"incorrect", OrNull(results.tokens_incorrect)}};
  json["formatted"] = results.formatted;
  json["truncated"] = results.truncated;
  json["levels"] = ToJson(results.levels);
  json["subjects"] = ToJson(results.subjects);
  json["reasons"] = results.reasons;
  return json;
}

}  // namespace

uint64_t QuestionOutcome::correct() const {
  const auto right = [](const ResponseOutcome& response) { return response.correct; };
  return static_cast<uint64_t>(std::count_if(responses.begin(), responses.end(), right));
}

double QuestionOutcome::accuracy() const {
  return static_cast<double>(correct()) / static_cast<double>(responses.size());
}

QuestionOutcome OutcomeOf(const QuestionRecord& record) {
  QuestionOutcome outcome = {.benchmark = record.benchmark,
                             .id = record.id,
                             .digest = record.digest,
                             .level = record.level,
                             .subject = record.subject};
  for (const GradedResponse& graded : record.responses) {
    outcome.responses.push_back({.tokens = graded.response.tokens,
                                 .correct = graded.reward == 1,
                                 .formatted = graded.formatted,
                                 .truncated = graded.response.truncated});
  }
  return outcome;
}

void Tally::Add(const QuestionRecord& record) {
  questions_.push_back(OutcomeOf(record));
  responses_ += record.responses.size();
  correct_ += questions_.back().correct();
  for (const GradedResponse& graded : record.responses) ++reasons_[record.benchmark][graded.reason];
}

Results Tally::Summarise(absl::Span<const std::string> names) const {
  std::map<std::string, Questions> by_benchmark;
  for (const QuestionOutcome& question : questions_) by_benchmark[question.benchmark].push_back(&question);
  Results results;
  std::vector<double> accuracies;
  std::vector<statistics::Interval> intervals;
  for (const std::string& name : names) {
    const auto questions = by_benchmark.find(name);
    if (questions == by_benchmark.end()) continue;
    results.benchmarks.push_back(ResultsOf(name, questions->second));
    results.benchmarks.back().reasons = reasons_.at(name);
    accuracies.push_back(results.benchmarks.back().all.accuracy);
    intervals.push_back(results.benchmarks.back().all.interval);
  }
  if (accuracies.empty()) return results;
  results.mean = statistics::Mean(accuracies);
  results.mean_interval = IntervalOfMean(accuracies, intervals);
  return results;
}

// The distances to the limits add up as standard errors do: low = mean - sqrt(sum (estimate - low)²) / count (Zou and Donner 2008).
statistics::Interval IntervalOfMean(absl::Span<const double> estimates,
                                    absl::Span<const statistics::Interval> intervals) {
  double below = 0, above = 0;
  for (size_t i = 0; i < estimates.size(); ++i) {
    below += std::pow(estimates[i] - intervals[i].low, 2);
    above += std::pow(intervals[i].high - estimates[i], 2);
  }
  const double mean = statistics::Mean(estimates), count = static_cast<double>(estimates.size());
  return {mean - std::sqrt(below) / count, mean + std::sqrt(above) / count};
}

ordered_json ToJson(const Settings& settings, const Results& results) {
  ordered_json json = {
      {"model", settings.model},
      {"template", settings.prompt_template.name == "custom" ? settings.prompt_template.text
                                                             : settings.prompt_template.name},
      {"n", settings.n},
      {"temperature", settings.sampling.temperature}};
  ordered_json& benchmarks = json["benchmarks"] = ordered_json::object();
  for (const BenchmarkResults& benchmark : results.benchmarks) benchmarks[benchmark.name] = ToJson(benchmark);
  json["mean"] = {{"accuracy", results.mean}, {"interval", ToJson(results.mean_interval)}};
  json["format"] = std::string(verifier::RewardFormatName(settings.grading.format));
  json["max_response_tokens"] = settings.sampling.max_response_tokens;
  return json;
}

}  // namespace drover::evaluation
