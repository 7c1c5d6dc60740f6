#include "study/judge.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "statistics/moments.h"
#include "statistics/paired.h"
#include "statistics/power.h"
#include "study/measures.h"

namespace drover::study {
namespace {

// The claim's number of each seed that has all of its terms.
std::vector<double> Contrasts(const v1::RunClaim& claim, const Measured& measured) {
  size_t seeds = 0;
  for (const auto& [arm, values] : measured) seeds = std::max(seeds, values.size());
  std::vector<double> contrasts;
  for (size_t seed = 0; seed < seeds; ++seed) {
    double sum = 0;
    bool whole = true;
    for (const v1::StudyTerm& term : claim.terms()) {
      const auto arm = measured.find(term.arm());
      whole = whole && arm != measured.end() && seed < arm->second.size() && arm->second[seed].has_value();
      if (whole) sum += term.weight() * *arm->second[seed];
    }
    if (whole) contrasts.push_back(sum);
  }
  return contrasts;
}

std::optional<double> Finite(double value) {
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

void AddPower(const std::vector<double>& contrasts, double alpha, Judgement& judgement) {
  const double sd = statistics::StandardDeviation(contrasts);
  const uint64_t n = contrasts.size();
  if (n < 2) return;
  if (sd <= 0) {
    judgement.power = 1;
    judgement.smallest_detectable = 0;
    return;
  }
  const auto power_of = [&](double effect) { return statistics::PairedTPower(effect, sd, n, alpha); };
  judgement.power = power_of(judgement.counts);
  judgement.smallest_detectable = Finite(statistics::SmallestDetectableEffect(power_of));
}

// What the sum over arms can be.
statistics::Interval ContrastRange(const v1::RunClaim& claim) {
  const statistics::Interval range = MeasureRange(claim.measure());
  statistics::Interval sum = {0, 0};
  for (const v1::StudyTerm& term : claim.terms()) {
    if (term.weight() == 0) continue;
    const double a = term.weight() * range.low, b = term.weight() * range.high;
    sum = {sum.low + std::min(a, b), sum.high + std::max(a, b)};
  }
  return sum;
}

std::string Contrast(const v1::RunClaim& claim) {
  std::string text;
  for (const v1::StudyTerm& term : claim.terms()) {
    const double weight = std::abs(term.weight());
    absl::StrAppend(&text,
                    text.empty()        ? (term.weight() < 0 ? "-" : "")
                    : term.weight() < 0 ? " - "
                                        : " + ",
                    weight == 1 ? "" : absl::StrCat(weight, " "), term.arm());
  }
  return text;
}

// Sum of |weight| over tokens, or its mean.
double Total(const v1::StudyResponses& which, const v1::Study& study, const WeightsByGroup& weights,
             bool per_token) {
  const auto group = std::find_if(study.groups().begin(), study.groups().end(),
                                  [&](const v1::StudyGroup& g) { return g.name() == which.group(); });
  const std::vector<double>& token_weights = weights.at(which.group()).token_weights;
  double sum = 0, tokens = 0;
  const auto add = [&](uint32_t response) {
    const double length = group->lengths(static_cast<int>(response));
    sum += std::abs(token_weights[response]) * length;
    tokens += length;
  };
  for (const uint32_t response : which.responses()) add(response);
  if (which.responses().empty()) {
    for (uint32_t response = 0; response < token_weights.size(); ++response) add(response);
  }
  return per_token ? sum / tokens : sum;
}

}  // namespace

std::string VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kReproduced:
      return "reproduced";
    case Verdict::kNotReproduced:
      return "not_reproduced";
    case Verdict::kInconclusive:
      break;
  }
  return "inconclusive";
}

Verdict Judge(v1::StudyExpectation expect, double effect, const statistics::Interval& interval,
              double counts) {
  const bool there = interval.low > 0 && effect >= counts;
  const bool absent = interval.high < counts;
  if (expect == v1::AT_LEAST) {
    return there ? Verdict::kReproduced : absent ? Verdict::kNotReproduced : Verdict::kInconclusive;
  }
  return absent ? Verdict::kReproduced : there ? Verdict::kNotReproduced : Verdict::kInconclusive;
}

Judgement JudgeRuns(const v1::RunClaim& claim, const Measured& measured, double alpha) {
  const std::vector<double> contrasts = Contrasts(claim, measured);
  const statistics::PairedT test = statistics::PairedTTest(contrasts, 1 - alpha);
  Judgement judgement{.name = claim.name(), .statement = claim.statement(), .expect = claim.expect()};
  judgement.secondary = claim.secondary();
  judgement.what =
      absl::StrCat(MeasureName(claim.measure()), " (", MeasureUnit(claim.measure()), "), ", Contrast(claim));
  judgement.effect = test.difference;
  judgement.interval = test.interval.Within(ContrastRange(claim));
  judgement.counts = claim.counts();
  judgement.seeds = contrasts.size();
  if (contrasts.size() >= 2) {
    judgement.p = test.p;
    judgement.verdict = Judge(claim.expect(), test.difference, test.interval, claim.counts());
  }
  AddPower(contrasts, alpha, judgement);
  return judgement;
}

Judgement JudgeWeights(const v1::WeightClaim& claim, const v1::Study& study, const WeightsByGroup& weights) {
  Judgement judgement{.name = claim.name(), .statement = claim.statement(), .expect = claim.expect()};
  const double ratio = Total(claim.first(), study, weights, claim.per_token()) /
                       Total(claim.second(), study, weights, claim.per_token());
  judgement.what = absl::StrCat("absolute log of the weights' ratio, ", claim.arm());
  judgement.effect = std::abs(std::log(ratio));
  judgement.interval = {judgement.effect, judgement.effect};  // no chance is involved
  judgement.counts = claim.counts();
  if (std::isfinite(judgement.effect)) {
    judgement.verdict = Judge(claim.expect(), judgement.effect, judgement.interval, claim.counts());
  }
  return judgement;
}

Verdict StudyVerdict(absl::Span<const Judgement> claims) {
  Verdict verdict = Verdict::kReproduced;
  for (const Judgement& claim : claims) {
    if (claim.secondary || claim.verdict == Verdict::kReproduced) continue;
    if (claim.verdict == Verdict::kNotReproduced) return Verdict::kNotReproduced;
    verdict = Verdict::kInconclusive;
  }
  return verdict;
}

}  // namespace drover::study
