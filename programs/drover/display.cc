#include "programs/drover/display.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "statistics/interval.h"

namespace drover::cli {
namespace {

using Json = nlohmann::ordered_json;

double Number(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_number() ? at->get<double>() : 0;
}

std::string NumberOrDash(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_number() ? absl::StrFormat("%.3f", at->get<double>()) : "-";
}

// With its 95 % interval.
std::string ShareOrDash(const Json& summary, const char* name) {
  const auto at = summary.find(name);
  if (at == summary.end() || !at->is_number()) return "-";
  return statistics::ShareText(at->get<double>(), Number(summary, "heldout_questions"));
}

std::string AccuracyText(const View& view) {
  if (!view.accuracy.has_value()) return "-";
  const double questions = static_cast<double>(view.state.heldout_questions());
  return absl::StrFormat("%s (step %d)", statistics::ShareText(*view.accuracy, questions),
                         view.accuracy_step.value_or(0));
}

std::string LeftText(const View& view) {
  const std::optional<double> left = SecondsLeft(view);
  return left.has_value() ? ClockText(*left) + " left" : "time left: -";
}

std::vector<std::string> SupervisedPanel(const View& view, const Json& last) {
  std::vector<double> losses;
  double highest = 0;
  for (const Json& line : view.metrics) highest = std::max(highest, Number(line, "loss"));
  for (const Json& line : view.metrics) losses.push_back(Number(line, "loss") / std::max(highest, 1e-9));
  return {
      absl::StrFormat("%s  step %.0f/%.0f  epoch %.2f  %s elapsed, %s", view.recipe, Number(last, "step"),
                      Number(last, "steps"), Number(last, "epoch"), ClockText(view.elapsed_seconds),
                      LeftText(view)),
      absl::StrFormat("  loss      %-6s %s", NumberOrDash(last, "loss"), Sparkline(losses, 60)),
      absl::StrFormat("  held-out  %s", HeldoutLossText(view)),
      absl::StrFormat("  gradient  %s    learning rate %.2e    %.0f tokens/s",
                      NumberOrDash(last, "grad_norm"), Number(last, "learning_rate"),
                      Number(last, "tokens_per_second")),
  };
}

std::string SupervisedStepLine(const Json& line, const View& view) {
  return absl::StrFormat(
      "step %.0f/%.0f  epoch %.2f  loss %s  held-out %s  gradient %s  rate %.2e  %.0f tokens/s  %s elapsed, "
      "%s",
      Number(line, "step"), Number(line, "steps"), Number(line, "epoch"), NumberOrDash(line, "loss"),
      HeldoutLossText(view), NumberOrDash(line, "grad_norm"), Number(line, "learning_rate"),
      Number(line, "tokens_per_second"), ClockText(Number(line, "seconds")), LeftText(view));
}

std::string SupervisedSummaryText(const Json& summary, const std::string& folder) {
  return absl::StrFormat(
      "held-out loss  %s -> %s  (%.0f examples, nats per token)\n"
      "training loss  %s -> %s  (first and last five of %.0f steps)\n"
      "%.2f epochs of %.0f examples, %.0f tokens, %s\n"
      "everything of this run is in %s (metrics.jsonl, evaluations.jsonl, checkpoints/)\n",
      NumberOrDash(summary, "heldout_loss_before"), NumberOrDash(summary, "heldout_loss_after"),
      Number(summary, "heldout_examples"), NumberOrDash(summary, "loss_first"),
      NumberOrDash(summary, "loss_last"), Number(summary, "steps"), Number(summary, "epochs"),
      Number(summary, "examples"), Number(summary, "tokens_seen"), ClockText(Number(summary, "seconds")),
      folder);
}

// An accuracy of no questions is none.
std::string AccuracyLine(const Json& summary) {
  if (Number(summary, "heldout_questions") == 0) return "held-out accuracy  not measured\n";
  return absl::StrFormat("held-out accuracy  %s -> %s  (%.0f questions, greedy; 95 %% intervals)\n",
                         ShareOrDash(summary, "accuracy_before"), ShareOrDash(summary, "accuracy_after"),
                         Number(summary, "heldout_questions"));
}

}  // namespace

std::string TroubleText(const v1::RunState& state) {
  const v1::LeaseCounts& ended = state.since_step();
  if (ended.leased() <= state.phase_done()) return "";
  std::vector<std::string> parts;
  const auto add = [&](uint64_t count, const char* what) {
    if (count > 0) parts.push_back(absl::StrCat(count, what));
  };
  add(ended.failed(), " failed");
  add(ended.expired(), " expired");
  add(ended.stale(), " stale");
  add(ended.filtered(), " filtered: all rewards equal");
  return absl::StrJoin(parts, ", ");
}

std::string PhaseText(const v1::RunState& state) {
  const std::string progress = absl::StrCat(" ", state.phase_done(), "/", state.phase_total());
  std::string trouble = TroubleText(state);
  if (!trouble.empty()) trouble = absl::StrCat(" (", trouble, ")");
  switch (state.phase()) {
    case v1::RUN_PHASE_PRETRAINING:
      return absl::StrFormat("pretraining%s, loss %.3f", progress, state.pretrain_loss());
    case v1::RUN_PHASE_EVALUATING:
      return absl::StrCat("evaluating", progress, " questions", trouble);
    case v1::RUN_PHASE_COLLECTING:
      return absl::StrCat("collecting", progress, " groups", trouble);
    case v1::RUN_PHASE_TRAINING:
      return "training";
    case v1::RUN_PHASE_FINISHED:
      return "finishing";
    default:
      return "starting";
  }
}

std::string ClockText(double seconds) {
  const int64_t s = std::llround(std::max(0.0, seconds));
  if (s >= 3600) return absl::StrFormat("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  return absl::StrFormat("%d:%02d", s / 60, s % 60);
}

std::optional<double> SecondsLeft(const View& view) {
  if (view.metrics.size() < 2) return std::nullopt;
  const Json& last = view.metrics.back();
  const Json& first = view.metrics[view.metrics.size() - std::min<size_t>(11, view.metrics.size())];
  const double steps = Number(last, "step") - Number(first, "step");
  if (steps <= 0) return std::nullopt;
  const double pace = (Number(last, "seconds") - Number(first, "seconds")) / steps;
  return pace * (Number(last, "steps") - Number(last, "step"));
}

std::string Sparkline(const std::vector<double>& values, size_t width) {
  static constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const size_t columns = std::min(width, values.size());
  std::string line;
  for (size_t column = 0; column < columns; ++column) {
    const size_t begin = column * values.size() / columns, end = (column + 1) * values.size() / columns;
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += values[i];
    const double mean = std::clamp(sum / static_cast<double>(end - begin), 0.0, 1.0);
    line += kBars[std::min(7, static_cast<int>(mean * 8))];
  }
  return line;
}

std::string HeldoutLossText(const View& view) {
  if (view.heldout_losses.empty()) return "-";
  const Json &first = view.heldout_losses.front(), &last = view.heldout_losses.back();
  if (view.heldout_losses.size() == 1) return NumberOrDash(first, "heldout_loss");
  return absl::StrFormat("%s -> %s (step %.0f)", NumberOrDash(first, "heldout_loss"),
                         NumberOrDash(last, "heldout_loss"), Number(last, "step"));
}

std::vector<std::string> Panel(const View& view) {
  static const Json kNone = Json::object();
  const Json& last = view.metrics.empty() ? kNone : view.metrics.back();
  if (view.supervised) return SupervisedPanel(view, last);
  std::vector<double> rewards;
  for (const Json& line : view.metrics) rewards.push_back(Number(line, "reward"));
  return {
      absl::StrFormat("%s  step %d/%d  %s  %s elapsed, %s", view.recipe, view.state.step(),
                      view.state.steps(), PhaseText(view.state), ClockText(view.elapsed_seconds),
                      LeftText(view)),
      absl::StrFormat("  reward    %-6s %s", NumberOrDash(last, "reward"), Sparkline(rewards, 60)),
      absl::StrFormat("  accuracy  %s", AccuracyText(view)),
      absl::StrFormat("  length    %.1f tokens, %.1f%% cut    entropy %.3f    %.0f tokens/s",
                      Number(last, "response_length"), 100 * Number(last, "truncated_share"),
                      Number(last, "entropy"), Number(last, "tokens_per_second")),
      absl::StrFormat("  weights   version %d    staleness %.1f    actors %d", view.state.weight_version(),
                      Number(last, "staleness_mean"), view.state.actors()),
  };
}

std::string StepLine(const Json& line, const View& view) {
  if (view.supervised) return SupervisedStepLine(line, view);
  return absl::StrFormat(
      "step %.0f/%.0f  reward %.3f  accuracy %s  length %.1f  %.0f tokens/s  staleness %.1f  version %.0f  "
      "%s elapsed, "
      "%s",
      Number(line, "step"), Number(line, "steps"), Number(line, "reward"), AccuracyText(view),
      Number(line, "response_length"), Number(line, "tokens_per_second"), Number(line, "staleness_mean"),
      Number(line, "weight_version"), ClockText(Number(line, "seconds")), LeftText(view));
}

std::string SummaryText(const Json& summary, const std::string& folder) {
  if (summary.contains("heldout_loss_after")) return SupervisedSummaryText(summary, folder);
  const Json groups = summary.value("groups", Json::object());
  return AccuracyLine(summary) +
         absl::StrFormat(
             "training reward    %s -> %s  (first and last five of %.0f rollouts)\n"
             "%.0f optimizer steps, %.0f response tokens, %.0f groups trained, %s\n"
             "everything of this run is in %s (metrics.jsonl, samples.jsonl, reward.svg, checkpoints/)\n",
             NumberOrDash(summary, "reward_first"), NumberOrDash(summary, "reward_last"),
             Number(summary, "steps"), Number(summary, "optimizer_steps"),
             Number(summary, "tokens_generated"), Number(groups, "trained"),
             ClockText(Number(summary, "seconds")), folder);
}

std::string BenchmarksText(const std::vector<Json>& lines) {
  if (lines.empty()) return "";
  const auto accuracy = [](const Json& benchmark) {
    const Json interval = benchmark.value("interval", Json::array({0.0, 0.0}));
    return absl::StrFormat("%.3f [%.3f, %.3f]", Number(benchmark, "accuracy"), interval.at(0).get<double>(),
                           interval.at(1).get<double>());
  };
  const Json before = lines.front().value("benchmarks", Json::object());
  const Json after = lines.back().value("benchmarks", Json::object());
  std::string text;
  for (const auto& [name, last] : after.items()) {
    const bool moved = lines.size() > 1 && before.contains(name);
    absl::StrAppendFormat(&text, "benchmark          %s: %s%s  (%.0f questions; 95 %% intervals)\n", name,
                          moved ? accuracy(before.at(name)) + " -> " : "", accuracy(last),
                          Number(last, "questions"));
  }
  return text;
}

Json BenchmarksJson(const std::vector<Json>& lines) {
  const Json before = lines.front().value("benchmarks", Json::object());
  const Json after = lines.back().value("benchmarks", Json::object());
  const auto measured = [](const Json& benchmark) {
    return Json{{"accuracy", benchmark.value("accuracy", Json())},
                {"interval", benchmark.value("interval", Json())}};
  };
  Json benchmarks = Json::object();
  for (const auto& [name, last] : after.items()) {
    const bool moved = lines.size() > 1 && before.contains(name);
    benchmarks[name] = {{"questions", last.value("questions", Json())},
                        {"before", moved ? measured(before.at(name)) : Json()},
                        {"after", measured(last)}};
  }
  return benchmarks;
}

}  // namespace drover::cli
