#include "evaluation/compare.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "statistics/bootstrap.h"
#include "statistics/moments.h"
#include "statistics/paired.h"
#include "statistics/permutation.h"

namespace drover::evaluation {
namespace {

using Pair = std::pair<const QuestionOutcome*, const QuestionOutcome*>;

constexpr double kZ = 1.959963984540054;  // of 95 %
constexpr size_t kNamed = 5;              // questions that a message names

// What is asked, and the how-manieth question of its benchmark that asks it.
using Key = std::pair<std::string, std::pair<std::string, size_t>>;
std::map<Key, const QuestionOutcome*> ByKey(absl::Span<const QuestionOutcome> questions) {
  std::vector<const QuestionOutcome*> sorted;
  for (const QuestionOutcome& question : questions) sorted.push_back(&question);
  // Records stand in the order in which they were answered; equal questions are told apart by their place in the file.
  std::sort(sorted.begin(), sorted.end(), [](const QuestionOutcome* x, const QuestionOutcome* y) {
    return std::make_pair(x->id.size(), x->id) < std::make_pair(y->id.size(), y->id);
  });
  std::map<Key, const QuestionOutcome*> by_key;
  std::map<std::pair<std::string, std::string>, size_t> seen;
  for (const QuestionOutcome* question : sorted) {
    const size_t place = seen[{question->benchmark, question->digest}]++;
    by_key[{question->benchmark, {question->digest, place}}] = question;
  }
  return by_key;
}

std::string Names(const std::vector<std::string>& ids) {
  std::vector<std::string> shown(ids.begin(),
                                 ids.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, ids.size())));
  return absl::StrCat(ids.size(), " (", absl::StrJoin(shown, ", "), ids.size() > kNamed ? ", ..." : "", ")");
}

absl::Status Unpaired(const std::vector<std::string>& only_a, const std::vector<std::string>& only_b) {
  std::string why = "the two were asked different questions:";
  if (!only_a.empty()) absl::StrAppend(&why, " the first alone has ", Names(only_a));
  if (!only_b.empty())
    absl::StrAppend(&why, only_a.empty() ? "" : ",", " the second alone has ", Names(only_b));
  return absl::InvalidArgumentError(absl::StrCat(why, "; --common compares those that both have"));
}

statistics::Interval AgrestiMin(uint64_t n, uint64_t only_a, uint64_t only_b) {
  const double total = static_cast<double>(n) + 2;
  const double discordant = static_cast<double>(only_a + only_b) + 1;
  const double change = static_cast<double>(only_b) - static_cast<double>(only_a);
  const double middle = change / total;
  const double half = kZ * std::sqrt(discordant - change * change / total) / total;
  return {std::max(-1.0, middle - half), std::min(1.0, middle + half)};
}

// Tests differences b - a, one a question.
void TestByPermutation(const std::vector<double>& differences, uint64_t seed, Difference& result) {
  const auto test = statistics::PairedPermutationTest(differences, {.seed = seed});
  result.p = test.p;
  result.test = test.exact() ? "permutation_exact" : "permutation";
}

statistics::Interval Bootstrapped(const std::vector<double>& differences, uint64_t seed) {
  const auto [low, high] = std::minmax_element(differences.begin(), differences.end());
  // Questions that all differ by as much say nothing about their spread: as if all were ties but for half a question each way.
  if (*low == *high) {
    const statistics::Interval around = AgrestiMin(differences.size(), 0, 0);
    return {std::max(-1.0, *low + around.low), std::min(1.0, *high + around.high)};
  }
  return statistics::BootstrapMean(differences, {.seed = seed}).bca;
}

std::vector<double> AccuracyDifferences(const std::vector<Pair>& pairs) {
  std::vector<double> differences;
  for (const auto& [a, b] : pairs) differences.push_back(b->accuracy() - a->accuracy());
  return differences;
}

Difference CompareBenchmark(const std::string& name, const std::vector<Pair>& pairs, uint64_t seed) {
  Difference result = {.name = name, .questions = pairs.size()};
  bool single = true;
  for (const auto& [a, b] : pairs) {
    single = single && a->responses.size() == 1 && b->responses.size() == 1;
    result.a += a->accuracy() / static_cast<double>(pairs.size());
    result.b += b->accuracy() / static_cast<double>(pairs.size());
    result.only_a += a->accuracy() > b->accuracy() ? 1 : 0;
    result.only_b += b->accuracy() > a->accuracy() ? 1 : 0;
  }
  const std::vector<double> differences = AccuracyDifferences(pairs);
  result.difference = statistics::Mean(differences);
  if (single) {
    result.p = statistics::McNemarTest(result.only_a, result.only_b);
    result.test = "mcnemar_exact";
    result.interval = AgrestiMin(result.questions, result.only_a, result.only_b);
  } else {
    TestByPermutation(differences, seed, result);
    result.interval = Bootstrapped(differences, seed);
  }
  return result;
}

Difference CompareAll(const std::vector<Difference>& benchmarks, const std::vector<std::vector<Pair>>& pairs,
                      uint64_t seed) {
  Difference overall = benchmarks.front();
  overall.name = "mean";
  if (benchmarks.size() == 1) return overall;
  overall = {.name = "mean"};
  std::vector<double> each, weighted;
  std::vector<statistics::Interval> intervals;
  const double count = static_cast<double>(benchmarks.size());
  for (size_t i = 0; i < benchmarks.size(); ++i) {
    const Difference& benchmark = benchmarks[i];
    overall.questions += benchmark.questions;
    overall.only_a += benchmark.only_a;
    overall.only_b += benchmark.only_b;
    overall.a += benchmark.a / count;
    overall.b += benchmark.b / count;
    each.push_back(benchmark.difference);
    intervals.push_back(benchmark.interval);
    for (const double difference : AccuracyDifferences(pairs[i])) {
      weighted.push_back(difference / (count * static_cast<double>(benchmark.questions)));
    }
  }
  overall.difference = statistics::Mean(each);
  overall.interval = IntervalOfMean(each, intervals);
  TestByPermutation(weighted, seed, overall);
  return overall;
}

nlohmann::ordered_json ToJson(const Difference& difference) {
  return {{"questions", difference.questions},
          {"a", difference.a},
          {"b", difference.b},
          {"difference", difference.difference},
          {"interval", {difference.interval.low, difference.interval.high}},
          {"p", difference.p},
          {"test", difference.test},
          {"only_a", difference.only_a},
          {"only_b", difference.only_b}};
}

}  // namespace

absl::StatusOr<Comparison> Compare(absl::Span<const QuestionOutcome> a, absl::Span<const QuestionOutcome> b,
                                   const CompareOptions& options) {
  const std::map<Key, const QuestionOutcome*> in_a = ByKey(a), in_b = ByKey(b);
  std::vector<std::string> only_a, only_b;
  std::map<std::string, std::vector<Pair>> pairs;
  for (const auto& [key, question] : in_a) {
    const auto other = in_b.find(key);
    if (other == in_b.end()) {
      only_a.push_back(question->id);
    } else {
      pairs[question->benchmark].emplace_back(question, other->second);
    }
  }
  for (const auto& [key, question] : in_b) {
    if (in_a.count(key) == 0) only_b.push_back(question->id);
  }
  if (!options.common && !(only_a.empty() && only_b.empty())) return Unpaired(only_a, only_b);
  if (pairs.empty()) return absl::InvalidArgumentError("the two have no question in common");
  Comparison comparison = {.left_out = only_a.size() + only_b.size()};
  std::vector<std::vector<Pair>> in_order;
  for (auto& [name, of_benchmark] : pairs) {
    comparison.benchmarks.push_back(CompareBenchmark(name, of_benchmark, options.seed));
    in_order.push_back(std::move(of_benchmark));
  }
  comparison.overall = CompareAll(comparison.benchmarks, in_order, options.seed);
  return comparison;
}

nlohmann::ordered_json ToJson(const Comparison& comparison) {
  nlohmann::ordered_json json;
  auto& benchmarks = json["benchmarks"] = nlohmann::ordered_json::object();
  for (const Difference& benchmark : comparison.benchmarks) benchmarks[benchmark.name] = ToJson(benchmark);
  json["mean"] = ToJson(comparison.overall);
  json["left_out"] = comparison.left_out;
  return json;
}

}  // namespace drover::evaluation
