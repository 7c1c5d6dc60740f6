// TensorBoard's event files of a run: what metrics.jsonl and evaluations.jsonl say, for TensorBoard to draw.
//
//   lines of a start's past --Rewrite--> RUN/tensorboard/events.out.tfevents.SECONDS.drover <--Append-- each new line
//
// A start of the learner begins a new file with all that the run it goes on with has, and removes the older ones: so the
// folder tells of the surviving line alone, each step once, as metrics.jsonl does, and what a crash leaves of a record is
// gone. A TensorBoard that watches meanwhile is told to forget what it had (SessionLog START).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/file_system.h"

namespace drover::run {

// How a field is called there: its group and its name in the JSON line (docs/reference/metrics-names.md), such as
// "reward/reward"; a field without a group is in "other".
std::string MetricTag(std::string_view field);
std::string EvaluationTag(std::string_view field);

// Not thread-safe.
class EventFile {
 public:
  // In this folder, which Rewrite makes, on `files`, which outlives it.
  EventFile(std::string folder, FileSystem* files) : folder_(std::move(folder)), files_(files) {}

  // Begins a new file with these lines. `now`: seconds since the epoch; a line's time is `now` less what its "seconds"
  // lack of the newest line's.
  absl::Status Rewrite(const std::vector<nlohmann::ordered_json>& metrics,
                       const std::vector<nlohmann::ordered_json>& evaluations, double now);

  // Adds the numbers of a line to the file, an empty one where Rewrite began none. A reader may see them at once: whole, or after an error
  // part of them, which the next Rewrite removes.
  absl::Status AppendMetrics(const nlohmann::ordered_json& line, double now);
  absl::Status AppendEvaluation(const nlohmann::ordered_json& line, double now);

  const std::string& path() const { return path_; }

 private:
  absl::Status Append(std::string_view record, double now);

  const std::string folder_;
  FileSystem* const files_;
  std::string path_;  // empty before Rewrite
};

}  // namespace drover::run
