// What the graded responses of an evaluation say. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "evaluation/records.h"
#include "evaluation/settings.h"
#include "statistics/interval.h"

namespace drover::evaluation {

inline constexpr char kResultsFile[] = "results.json";

// Of one response what results and comparisons ask; of one question all its responses.
struct ResponseOutcome {
  uint64_t tokens = 0;
  bool correct = false, formatted = false, truncated = false;
};
struct QuestionOutcome {
  std::string benchmark, id, digest, level, subject;
  std::vector<ResponseOutcome> responses;  // not empty

  uint64_t correct() const;
  double accuracy() const;  // correct / responses
};
QuestionOutcome OutcomeOf(const QuestionRecord& record);

struct Accuracy {
  uint64_t questions = 0;
  double accuracy = 0;  // mean over all responses
  statistics::Interval
      interval;  // 95 %, clustered by question (statistics/clustered.h); Wilson's for one response each
};

struct BenchmarkResults {
  std::string name;
  Accuracy all;
  uint32_t n = 1;
  std::map<uint32_t, double> pass_at_k;  // k = 1, 2, 4, ... below n, and n; unbiased, mean over questions
  // Mean tokens of all responses, of the right and of the wrong ones; unset where there are none.
  std::optional<double> tokens, tokens_correct, tokens_incorrect;
  double formatted = 0, truncated = 0;               // shares of all responses
  std::map<std::string, Accuracy> levels, subjects;  // of the questions that have one
  std::map<std::string, uint64_t> reasons;           // responses by the grader's reason
};

struct Results {
  std::vector<BenchmarkResults> benchmarks;  // none without a question
  // The mean of the benchmarks' accuracies, each counting once, as the paper averages them; its interval from theirs (the
  // square-and-add method for a mean of independent estimates).
  double mean = 0;
  statistics::Interval mean_interval;
};

// Takes records one by one and keeps of each what the results need.
class Tally {
 public:
  void Add(const QuestionRecord& record);

  const std::vector<QuestionOutcome>& questions() const { return questions_; }
  uint64_t responses() const { return responses_; }
  uint64_t correct() const { return correct_; }
  // By benchmark, in the order of `names`; those without a question are left out.
  Results Summarise(absl::Span<const std::string> names) const;

 private:
  std::vector<QuestionOutcome> questions_;
  std::map<std::string, std::map<std::string, uint64_t>> reasons_;  // by benchmark
  uint64_t responses_ = 0, correct_ = 0;
};

// {"model","template","n","temperature","benchmarks":{NAME:{...}},"mean":{...},...} as docs/reference/cli.md has it.
nlohmann::ordered_json ToJson(const Settings& settings, const Results& results);

// The mean of independent estimates, each with its interval, and that mean's interval.
statistics::Interval IntervalOfMean(absl::Span<const double> estimates,
                                    absl::Span<const statistics::Interval> intervals);

}  // namespace drover::evaluation
