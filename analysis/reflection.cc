#include "analysis/reflection.h"

#include <limits>

#include "analysis/keywords.h"
#include "statistics/bootstrap.h"
#include "statistics/moments.h"

namespace drover::analysis {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Found Find(absl::Span<const Sample> samples, const std::vector<bool>& hits) {
  const std::vector<statistics::Cluster> questions = ClustersOf(samples, hits);
  Found found{.responses = statistics::ShareByQuestion(questions), .of = questions.size()};
  for (const statistics::Cluster& question : questions) found.questions += question.correct > 0 ? 1 : 0;
  const auto of = static_cast<double>(found.of);
  found.questions_interval =
      statistics::WilsonInterval(found.of == 0 ? 0 : static_cast<double>(found.questions) / of, of);
  return found;
}

// One side of a comparison.
struct Side {
  std::vector<Sample> samples;
  std::vector<bool> correct;
  std::vector<double> scores, tokens;
  std::map<std::string, statistics::Cluster> questions;

  void Add(const Sample& sample) {
    samples.push_back(sample);
    correct.push_back(sample.correct);
    scores.push_back(sample.correct ? 1 : 0);
    tokens.push_back(static_cast<double>(sample.tokens));
    statistics::Cluster& question = questions[sample.question];
    question.responses += 1;
    question.correct += sample.correct ? 1 : 0;
  }
  statistics::ClusteredShare Accuracy() const {
    return statistics::ShareByQuestion(ClustersOf(samples, correct));
  }
};

double ShareOf(const statistics::Cluster& question) {
  return static_cast<double>(question.correct) / static_cast<double>(question.responses);
}

WithAndWithout Compare(absl::Span<const Sample> samples, const std::vector<bool>& hits) {
  Side with, without;
  for (size_t i = 0; i < samples.size(); ++i) (hits[i] ? with : without).Add(samples[i]);
  WithAndWithout compared{.with = with.samples.size(), .without = without.samples.size()};
  compared.accuracy_with = with.Accuracy();
  compared.accuracy_without = without.Accuracy();
  compared.tokens_with = statistics::Mean(with.tokens);
  compared.tokens_without = statistics::Mean(without.tokens);
  compared.difference = compared.within = kNan;
  if (compared.with > 0 && compared.without > 0) {
    const statistics::BootstrapIntervals all = statistics::BootstrapDifference(with.scores, without.scores);
    compared.difference = all.estimate;
    compared.interval = all.bca;
  }
  std::vector<double> differences;
  for (const auto& [question, cluster] : with.questions) {
    const auto other = without.questions.find(question);
    if (other != without.questions.end()) differences.push_back(ShareOf(cluster) - ShareOf(other->second));
  }
  compared.both_kinds = differences.size();
  if (!differences.empty()) {
    const statistics::BootstrapIntervals within = statistics::BootstrapMean(differences);
    compared.within = within.estimate;
    compared.within_interval = within.bca;
  }
  return compared;
}

void AddJudge(absl::Span<const Sample> samples, absl::Span<const Judgement> judgements,
              const std::vector<bool>& by_keywords, ReflectionGroup& group) {
  std::vector<Sample> understood;
  std::vector<bool> reflects, both;
  for (size_t i = 0; i < samples.size(); ++i) {
    const std::optional<size_t> verdict = judgements[i].verdict;
    if (!verdict.has_value()) {
      ++group.not_understood;
      continue;
    }
    ++group.categories[*verdict];
    understood.push_back(samples[i]);
    reflects.push_back(*verdict == kReflects);
    both.push_back(reflects.back() && by_keywords[i]);
  }
  group.by_judge = Find(understood, reflects);
  group.by_both = Find(understood, both);
  group.judge_accuracy = Compare(understood, reflects);
}

}  // namespace

ReflectionGroup MeasureReflection(double x, absl::Span<const Sample> samples,
                                  absl::Span<const Judgement> judgements) {
  const KeywordPool& pool = ReflectionKeywords();
  ReflectionGroup group{.x = x, .responses = samples.size()};
  group.keyword_counts.resize(pool.keywords.size());
  std::vector<bool> hits, correct;
  std::vector<double> tokens;
  for (const Sample& sample : samples) {
    const std::vector<size_t> found = FindKeywords(sample.text, pool.keywords);
    for (size_t keyword : found) ++group.keyword_counts[keyword];
    hits.push_back(!found.empty());
    correct.push_back(sample.correct);
    tokens.push_back(static_cast<double>(sample.tokens));
  }
  group.accuracy = statistics::ShareByQuestion(ClustersOf(samples, correct));
  group.tokens = statistics::Mean(tokens);
  group.by_keywords = Find(samples, hits);
  group.keywords_accuracy = Compare(samples, hits);
  if (!judgements.empty()) AddJudge(samples, judgements, hits, group);
  return group;
}

}  // namespace drover::analysis
