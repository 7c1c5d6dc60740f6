#include "study/measures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

namespace drover::study {
namespace {

std::optional<double> Number(const Json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

// The first or the last so many rollouts: one in `part`, at least one.
absl::Span<const Json> First(const RunRecord& record, size_t part) {
  const size_t n = record.metrics.size();
  return absl::MakeConstSpan(record.metrics).first(std::min(n, std::max<size_t>(1, n / part)));
}
absl::Span<const Json> Last(const RunRecord& record, size_t part) {
  const size_t width = First(record, part).size();
  return absl::MakeConstSpan(record.metrics).last(width);
}

// The mean length, each response of one kind counting once: those with reward above 0.5 are a share `reward` of a rollout's.
std::optional<double> MeanLength(absl::Span<const Json> rollouts, bool correct) {
  double sum = 0, weight = 0;
  for (const Json& rollout : rollouts) {
    const auto length = Number(rollout, correct ? "response_length_correct" : "response_length_incorrect");
    const auto reward = Number(rollout, "reward");
    if (!length.has_value() || !reward.has_value()) continue;
    const double share = correct ? *reward : 1 - *reward;
    sum += *length * share;
    weight += share;
  }
  if (weight <= 0) return std::nullopt;
  return sum / weight;
}

std::optional<double> LengthGrowth(const RunRecord& record, bool correct) {
  const auto before = MeanLength(First(record, 10), correct);
  const auto after = MeanLength(Last(record, 3), correct);  // a third: wrong answers get rare
  if (!before.has_value() || !after.has_value()) return std::nullopt;
  return *after - *before;
}

std::optional<double> Difference(const std::optional<double>& a, const std::optional<double>& b) {
  if (!a.has_value() || !b.has_value()) return std::nullopt;
  return *a - *b;
}

std::optional<double> MeanOf(absl::Span<const Json> rollouts, const char* field) {
  double sum = 0, count = 0;
  for (const Json& rollout : rollouts) {
    const auto value = Number(rollout, field);
    if (!value.has_value()) continue;
    sum += *value;
    count += 1;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

struct GroupWeight {
  double right = 0;   // share of the responses
  double weight = 0;  // sum of |advantage|
};

std::optional<GroupWeight> WeightOf(const Json& sample) {
  const auto responses = sample.find("responses");
  if (responses == sample.end() || !responses->is_array() || responses->empty()) return std::nullopt;
  GroupWeight group;
  for (const Json& response : *responses) {
    const auto reward = Number(response, "reward"), advantage = Number(response, "advantage");
    if (!reward.has_value() || !advantage.has_value()) return std::nullopt;
    group.right += *reward > 0.5;
    group.weight += std::abs(*advantage);
  }
  group.right /= static_cast<double>(responses->size());
  return group;
}

std::optional<double> ExtremeWeightShare(const RunRecord& record) {
  double extreme = 0, all = 0;
  for (const Json& sample : record.samples) {
    const auto group = WeightOf(sample);
    if (!group.has_value()) continue;
    all += group->weight;
    if (group->right <= 0.25 || group->right >= 0.75) extreme += group->weight;
  }
  if (all <= 0) return std::nullopt;
  return extreme / all;
}

}  // namespace

std::optional<double> Measure(v1::StudyMeasure measure, const RunRecord& record) {
  switch (measure) {
    case v1::INCORRECT_LENGTH_GROWTH:
      return LengthGrowth(record, /*correct=*/false);
    case v1::CORRECT_LENGTH_GROWTH:
      return LengthGrowth(record, /*correct=*/true);
    case v1::LENGTH_GROWTH_APART:
      return Difference(LengthGrowth(record, /*correct=*/false), LengthGrowth(record, /*correct=*/true));
    case v1::FINAL_REWARD:
      return MeanOf(Last(record, 10), "reward");
    case v1::MEAN_REWARD:
      return MeanOf(record.metrics, "reward");
    case v1::ACCURACY_BEFORE:
      return Number(record.summary, "accuracy_before");
    case v1::ACCURACY_AFTER:
      return Number(record.summary, "accuracy_after");
    case v1::ACCURACY_GAIN:
      return Difference(Number(record.summary, "accuracy_after"), Number(record.summary, "accuracy_before"));
    case v1::EXTREME_WEIGHT_SHARE:
      return ExtremeWeightShare(record);
    case v1::STALENESS:
      return MeanOf(record.metrics, "staleness_mean");
    case v1::LOGPROB_GAP:
      return MeanOf(record.metrics, "logprob_gap_mean");
    default:
      return std::nullopt;
  }
}

std::string MeasureName(v1::StudyMeasure measure) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(v1::StudyMeasure_Name(measure)), {{"_", " "}});
}

std::string MeasureUnit(v1::StudyMeasure measure) {
  switch (measure) {
    case v1::INCORRECT_LENGTH_GROWTH:
    case v1::CORRECT_LENGTH_GROWTH:
    case v1::LENGTH_GROWTH_APART:
      return "tokens";
    case v1::STALENESS:
      return "versions";
    case v1::LOGPROB_GAP:
      return "nats";
    default:
      return "share";
  }
}

statistics::Interval MeasureRange(v1::StudyMeasure measure) {
  if (measure == v1::ACCURACY_GAIN) return {-1, 1};
  if (MeasureUnit(measure) == "share") return {0, 1};
  if (MeasureUnit(measure) == "tokens") return {};
  return {.low = 0};
}

statistics::Interval CurveRange(const std::string& field) {
  if (field == "reward" || absl::EndsWith(field, "_share")) return {0, 1};
  return {};
}

std::vector<double> Curve(const RunRecord& record, const std::string& field) {
  std::vector<double> values;
  for (const Json& rollout : record.metrics) {
    values.push_back(Number(rollout, field.c_str()).value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  return values;
}

}  // namespace drover::study
