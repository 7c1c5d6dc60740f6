// What a run says: the files of its folder as numbers, and the measures that claims are about.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "drover/v1/study.pb.h"
#include "statistics/interval.h"

namespace drover::study {

using Json = nlohmann::ordered_json;

// The objects of a finished run's files (docs/reference/run-folder.md).
struct RunRecord {
  std::vector<Json> metrics;
  std::vector<Json> samples;
  Json summary;
};

// Nothing where the run does not say: no incorrect response in a window, an accuracy that was not evaluated.
std::optional<double> Measure(v1::StudyMeasure measure, const RunRecord& record);

// "incorrect length growth", and its unit.
std::string MeasureName(v1::StudyMeasure measure);
std::string MeasureUnit(v1::StudyMeasure measure);

// What it can be: a share is in [0, 1], a gain of accuracy in [-1, 1], a growth of length is anything. Student's intervals of few seeds
// do not know that; whoever makes one of a measure cuts it to this.
statistics::Interval MeasureRange(v1::StudyMeasure measure);
// The same of a field of metrics.jsonl, as far as its name says it.
statistics::Interval CurveRange(const std::string& field);

// A field of metrics.jsonl over the rollouts; not a number where it is null or missing.
std::vector<double> Curve(const RunRecord& record, const std::string& field);

}  // namespace drover::study
