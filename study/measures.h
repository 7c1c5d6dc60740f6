// What a run says: the files of its folder as numbers, and the measures that claims are about.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "drover/v1/study.pb.h"

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

// A field of metrics.jsonl over the rollouts; not a number where it is null or missing.
std::vector<double> Curve(const RunRecord& record, const std::string& field);

}  // namespace drover::study
