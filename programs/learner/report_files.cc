#include "programs/learner/report_files.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "group/reward.h"
#include "group/versions.h"
#include "programs/learner/kept_recipe.h"
#include "programs/learner/token_chars.h"
#include "services/run/jsonl.h"
#include "services/run/reward_svg.h"

namespace drover::learner_process {
namespace {

using Json = nlohmann::ordered_json;

// samples.jsonl would be thrice as large with all of a large run's tokens.
constexpr int64_t kTokensPerStep = 32768;

double NowSeconds() { return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()); }

int64_t TokenCount(const v1::Group& group) {
  int64_t tokens = 0;
  for (const v1::Response& response : group.responses()) tokens += response.token_ids_size();
  return tokens;
}

// Four decimals: enough to see, and half the bytes.
Json RoundedLogprobs(const v1::Response& response) {
  Json logprobs = Json::array();
  for (const float logprob : response.logprobs()) {
    logprobs.push_back(std::round(static_cast<double>(logprob) * 1e4) / 1e4);
  }
  return logprobs;
}

void AddTokens(const v1::Response& response, const model::Tokenizer& tokenizer, Json* sample) {
  if (response.logprobs_size() != response.token_ids_size()) return;
  const auto chars = TokenChars(response.text(), response.token_ids(), tokenizer);
  if (!chars) return;
  (*sample)["token_chars"] = *chars;
  (*sample)["token_logprobs"] = RoundedLogprobs(response);
}

// `tokenizer`: null leaves out which token is which.
Json SampleJson(uint64_t step, uint64_t version, const v1::Group& group,
                const std::vector<double>& advantages, const model::Tokenizer* tokenizer) {
  Json responses = Json::array();
  for (int i = 0; i < group.responses_size(); ++i) {
    const v1::Response& response = group.responses(i);
    responses.push_back({{"text", response.text()},
                         {"reward", group::Reward(response)},
                         {"advantage", advantages[static_cast<size_t>(i)]},
                         {"extracted", response.extracted()},
                         {"reason", response.reason()},
                         {"tokens", response.token_ids_size()},
                         {"finish_reason", group::Truncated(response) ? "length" : "stop"}});
    if (tokenizer != nullptr) AddTokens(response, *tokenizer, &responses.back());
  }
  return {{"step", step},
          {"weight_version", group::Versions(group).value_or(group::VersionSpan{version, version}).oldest},
          {"trained_at_version", version},
          {"group", group.group()},
          {"lease", group.lease()},
          {"trace_id", group.trace_id()},
          {"actor", group.actor()},
          {"prompt", group.prompt().text()},
          {"gold", std::vector<std::string>(group.prompt().gold().begin(), group.prompt().gold().end())},
          {"responses", responses}};
}

Json ToJson(const Evaluation& e) {
  return {{"step", e.step},
          {"accuracy", e.accuracy()},
          {"accuracy_interval", {e.interval().low, e.interval().high}},
          {"questions", e.questions},
          {"correct", e.correct},
          {"response_length", e.response_length},
          {"truncated_share", e.truncated_share},
          {"seconds", e.seconds}};
}

Evaluation EvaluationFrom(const Json& line) {
  Evaluation e;
  e.step = line.value("step", uint64_t{0});
  e.questions = line.value("questions", uint64_t{0});
  e.correct = line.value("correct", uint64_t{0});
  return e;
}

// What is no number in the line was not finite; a field that is not there is of an older Drover.
double NumberOrNan(const Json& line, const char* field) {
  const auto at = line.find(field);
  if (at == line.end()) return 0;
  return at->is_number() ? at->get<double>() : std::nan("");
}

GuardObservation ObservationFrom(const Json& line) {
  return {.step = line.value("step", uint64_t{0}),
          .entropy = NumberOrNan(line, "entropy"),
          .reward = NumberOrNan(line, "reward"),
          .kl = LargerKl(NumberOrNan(line, "kl"), NumberOrNan(line, "old_kl")),
          .grad_norm = NumberOrNan(line, "grad_norm"),
          .identical_share = NumberOrNan(line, "identical_share")};
}

Json ToJson(const GuardEvent& e) {
  return {{"step", e.step},
          {"guard", GuardName(e.kind)},
          {"action", v1::GuardAction_Name(e.action)},
          {"value", e.value},
          {"limit", e.limit},
          {"rate_scale", e.rate_scale},
          {"back_to", e.back_to ? Json(*e.back_to) : Json()}};
}

std::optional<GuardEvent> GuardEventFrom(const Json& line) {
  GuardEvent event;
  const auto kind = GuardOf(line.value("guard", ""));
  if (!kind || !v1::GuardAction_Parse(line.value("action", ""), &event.action)) return std::nullopt;
  event.kind = *kind;
  event.step = line.value("step", uint64_t{0});
  event.value = NumberOrNan(line, "value");
  event.limit = NumberOrNan(line, "limit");
  event.rate_scale = line.value("rate_scale", 1.0);
  const auto back_to = line.find("back_to");
  if (back_to != line.end() && back_to->is_number_unsigned()) event.back_to = back_to->get<uint64_t>();
  return event;
}

}  // namespace

absl::StatusOr<std::vector<GuardEvent>> ReportFiles::GuardEventsUpTo(uint64_t step) {
  ASSIGN_OR_RETURN(const auto lines, run::ReadJsonl(folder_.guards(), folder_.files()));
  std::vector<GuardEvent> events;
  for (const Json& line : lines) {
    if (auto event = GuardEventFrom(line)) events.push_back(*event);
  }
  events = EventsUpTo(std::move(events), step);
  if (events.size() == lines.size()) return events;
  std::string text;
  for (const GuardEvent& event : events) text += run::ToLine(ToJson(event));
  RETURN_IF_ERROR(WriteFileAtomically(folder_.guards(), text, folder_.files()));
  return events;
}

absl::Status ReportFiles::Append(const GuardEvent& event) {
  return run::AppendLines(folder_.guards(), run::ToLine(ToJson(event)), folder_.files());
}

absl::Status ReportFiles::KeepRecipe(const v1::Recipe& recipe) {
  return learner_process::KeepRecipe(recipe, folder_);
}

absl::StatusOr<History> ReportFiles::GoBackTo(uint64_t step) {
  History history;
  folder_.files()->RemoveFile(folder_.summary()).IgnoreError();  // most often there is none
  for (const std::string& path :
       {folder_.metrics(), folder_.samples(), folder_.evaluations(), folder_.benchmarks()}) {
    ASSIGN_OR_RETURN(const uint64_t dropped, run::KeepStepsUpTo(path, step, folder_.files()));
    if (dropped > 0) history.notices.push_back(run::DroppedText(path, dropped));
  }
  ASSIGN_OR_RETURN(const auto metrics, run::ReadJsonl(folder_.metrics(), folder_.files()));
  for (const Json& line : metrics) {
    history.rewards.push_back(line.value("reward", 0.0));
    history.rollouts.push_back(ObservationFrom(line));
    history.seconds = line.value("seconds", 0.0);
    history.tokens_generated = line.value("tokens_generated", uint64_t{0});
  }
  ASSIGN_OR_RETURN(history.guard_events, GuardEventsUpTo(step));
  history.seconds = std::max(history.seconds, ReadClock());
  ASSIGN_OR_RETURN(const auto evaluations, run::ReadJsonl(folder_.evaluations(), folder_.files()));
  for (const Json& line : evaluations) history.evaluations.push_back(EvaluationFrom(line));
  RETURN_IF_ERROR(events_.Rewrite(metrics, evaluations, NowSeconds()));
  ASSIGN_OR_RETURN(const auto benchmarks, run::ReadJsonl(folder_.benchmarks(), folder_.files()));
  if (!benchmarks.empty()) history.benchmarks_step = benchmarks.back().value("step", uint64_t{0});
  return history;
}

absl::Status ReportFiles::Append(const run::StepReport& report) {
  const Json line = run::ToJson(report);
  RETURN_IF_ERROR(run::AppendLines(folder_.metrics(), run::ToLine(line), folder_.files()));
  return events_.AppendMetrics(line, NowSeconds());
}

absl::Status ReportFiles::Append(uint64_t step, uint64_t version, const std::vector<v1::Group>& groups,
                                 const std::vector<std::vector<double>>& advantages, size_t limit) {
  std::string lines;
  int64_t tokens = 0;
  for (size_t i = 0; i < std::min(limit, groups.size()); ++i) {
    tokens += TokenCount(groups[i]);
    const model::Tokenizer* const tokenizer = tokens <= kTokensPerStep ? tokenizer_ : nullptr;
    lines += run::ToLine(SampleJson(step, version, groups[i], advantages[i], tokenizer));
  }
  return run::AppendLines(folder_.samples(), lines, folder_.files());
}

absl::Status ReportFiles::Append(const Evaluation& evaluation) {
  const Json line = ToJson(evaluation);
  RETURN_IF_ERROR(run::AppendLines(folder_.evaluations(), run::ToLine(line), folder_.files()));
  return events_.AppendEvaluation(line, NowSeconds());
}

// The responses come first: where the line is, they are.
absl::Status ReportFiles::AppendBenchmarks(uint64_t step, double seconds, const SuiteReport& report) {
  RETURN_IF_ERROR(MakeFolders(folder_.benchmark_folder(), folder_.files()));
  RETURN_IF_ERROR(WriteFileAtomically(folder_.benchmark_responses(step), report.responses, folder_.files()));
  Json line = {{"step", step}, {"seconds", seconds}};
  line.update(report.results);
  return run::AppendLines(folder_.benchmarks(), run::ToLine(line), folder_.files());
}

absl::StatusOr<uint64_t> ReportFiles::FreeBytes() const { return folder_.files()->FreeBytes(folder_.path()); }

absl::Status ReportFiles::WriteClock(double seconds) {
  return WriteFileAtomically(folder_.clock(), run::ToLine({{"seconds", seconds}}), folder_.files());
}

double ReportFiles::ReadClock() const {
  const auto text = ReadFile(folder_.clock(), kMaxFileBytes, folder_.files());
  const auto clock = Json::parse(text.value_or(""), nullptr, /*allow_exceptions=*/false);
  const auto at = clock.is_object() ? clock.find("seconds") : clock.end();
  return at != clock.end() && at->is_number() ? at->get<double>() : 0;
}

absl::Status ReportFiles::WriteSummary(const run::Summary& summary) {
  return WriteFileAtomically(folder_.summary(), run::ToJson(summary).dump(2) + "\n", folder_.files());
}

absl::Status ReportFiles::WriteCurve(const std::string& title, const History& history) {
  run::RewardCurve curve{.title = title};
  for (size_t i = 0; i < history.rewards.size(); ++i) {
    curve.reward.push_back({static_cast<double>(i + 1), history.rewards[i]});
  }
  for (const Evaluation& e : history.evaluations) {
    curve.accuracy.push_back({static_cast<double>(e.step), e.accuracy()});
  }
  return WriteFileAtomically(folder_.reward_svg(), run::RewardSvg(curve), folder_.files());
}

}  // namespace drover::learner_process
