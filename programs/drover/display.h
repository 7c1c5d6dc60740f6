// What a person sees of a run. Pure: from the newest numbers to lines of text.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "drover/v1/run.pb.h"

namespace drover::cli {

struct View {
  std::string recipe;
  std::string folder;
  v1::RunState state;                           // as the learner last told it
  std::vector<nlohmann::ordered_json> metrics;  // lines of metrics.jsonl so far
  std::optional<double> accuracy;               // newest held-out accuracy
  std::optional<uint64_t> accuracy_step;
  double elapsed_seconds = 0;
  bool supervised = false;                             // of `drover sft`: what follows, and no state
  std::vector<nlohmann::ordered_json> heldout_losses;  // lines of evaluations.jsonl so far
};

// "29 failed, 2 expired": leases that ended without a group since the last step, once they outnumber the groups (or
// answers of an evaluation) that were accepted; else empty.
std::string TroubleText(const v1::RunState& state);

// "pretraining 120/450", "collecting 12/48 groups", ...
std::string PhaseText(const v1::RunState& state);

// "1:05", "2:03:09".
std::string ClockText(double seconds);

// Seconds until the last step at the pace of the last ten steps; unset before there is one.
std::optional<double> SecondsLeft(const View& view);

// The newest `width` values, averaged down to at most `width` columns of ▁▂▃▄▅▆▇█ for [0, 1].
std::string Sparkline(const std::vector<double>& values, size_t width);

// "2.105 -> 1.873 (step 40)": the first held-out loss and the newest; "-" without any.
std::string HeldoutLossText(const View& view);

// The panel that is redrawn in place; the same number of lines each time.
std::vector<std::string> Panel(const View& view);

// One line a step, for when standard output is no terminal. `line` is a line of metrics.jsonl.
std::string StepLine(const nlohmann::ordered_json& line, const View& view);

// The closing lines, from summary.json.
std::string SummaryText(const nlohmann::ordered_json& summary, const std::string& folder);

// A line a benchmark: its accuracy in the first of the lines of benchmarks.jsonl and in the last; empty without any.
std::string BenchmarksText(const std::vector<nlohmann::ordered_json>& lines);

// The same for scripts, of at least one line: {NAME: {"questions", "before", "after"}}, each {"accuracy", "interval"}; "before" is null
// where there is one line.
nlohmann::ordered_json BenchmarksJson(const std::vector<nlohmann::ordered_json>& lines);

}  // namespace drover::cli
