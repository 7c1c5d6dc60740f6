#include "statistics/clustered.h"

#include <algorithm>
#include <cmath>

#include "statistics/distributions.h"

namespace drover::statistics {
namespace {

struct Sums {
  double questions = 0;
  double responses = 0;
  double correct = 0;
};

Sums Add(absl::Span<const Cluster> questions) {
  Sums sums;
  for (const Cluster& question : questions) {
    if (question.responses == 0) continue;
    sums.questions += 1;
    sums.responses += static_cast<double>(question.responses);
    sums.correct += static_cast<double>(question.correct);
  }
  return sums;
}

double ClusteredError(absl::Span<const Cluster> questions, double share, const Sums& sums) {
  double squares = 0;
  for (const Cluster& question : questions) {
    const double residual =
        static_cast<double>(question.correct) - share * static_cast<double>(question.responses);
    squares += residual * residual;
  }
  return std::sqrt(squares * sums.questions / (sums.questions - 1)) / sums.responses;
}

double EffectiveTrials(const ClusteredShare& result, const Sums& sums, double confidence) {
  const double p = (1 + confidence) / 2;
  const double few = NormalQuantile(p) / StudentTQuantile(p, sums.questions - 1);
  const double trials =
      result.share <= 0 || result.share >= 1
          ? sums.questions
          : result.share * (1 - result.share) / (result.standard_error * result.standard_error);
  return std::min(trials, sums.responses) * few * few;
}

}  // namespace

ClusteredShare ShareByQuestion(absl::Span<const Cluster> questions, double confidence) {
  const Sums sums = Add(questions);
  ClusteredShare result;
  if (sums.questions == 0) return result;
  result.share = sums.correct / sums.responses;
  if (sums.questions < 2) return result;
  result.standard_error = ClusteredError(questions, result.share, sums);
  result.effective_n = EffectiveTrials(result, sums, confidence);
  result.interval = WilsonInterval(result.share, result.effective_n, confidence);
  return result;
}

}  // namespace drover::statistics
