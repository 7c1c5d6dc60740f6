// summary.json: a run in one object (docs/reference/cli.md), written at its end.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "drover/v1/run.pb.h"
#include "statistics/interval.h"

namespace drover::run {

struct Summary {
  std::string recipe;  // its name, or the file it came from
  uint64_t steps = 0;  // rollouts trained
  uint64_t optimizer_steps = 0;
  double seconds = 0;  // wall clock from start to summary, pretraining and evaluations included
  std::optional<double> accuracy_before;
  std::optional<statistics::Interval> accuracy_before_interval;
  std::optional<double> accuracy_after;
  std::optional<statistics::Interval> accuracy_after_interval;
  uint64_t heldout_questions = 0;
  std::optional<double> reward_first;  // mean of the first five rollouts
  std::optional<double> reward_last;   // mean of the last five
  v1::LeaseCounts groups;
  uint64_t tokens_generated = 0;
  uint64_t weight_version = 0;
};

// Means of the first and of the last five of `rewards` (of all, when there are fewer).
std::optional<double> MeanOfFirst(const std::vector<double>& rewards, size_t n = 5);
std::optional<double> MeanOfLast(const std::vector<double>& rewards, size_t n = 5);

nlohmann::ordered_json ToJson(const Summary& summary);

}  // namespace drover::run
