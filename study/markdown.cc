// report.md of a study.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "statistics/moments.h"
#include "study/result.h"

namespace drover::study {
namespace {

std::string Text(double value) { return std::isfinite(value) ? absl::StrFormat("%.4g", value) : "-"; }
std::string Text(const std::optional<double>& value) { return value.has_value() ? Text(*value) : "-"; }
std::string Text(const statistics::Interval& interval) {
  return absl::StrCat("[", Text(interval.low), ", ", Text(interval.high), "]");
}

// What a claim's numbers say, in words; of a null result what it could have found.
std::string InWords(const Judgement& claim) {
  std::string text = absl::StrCat("**", VerdictName(claim.verdict), "**");
  if (!claim.p.has_value()) return text;
  if (claim.verdict == Verdict::kReproduced && claim.expect == v1::AT_LEAST) return text;
  return absl::StrCat(text, "; an effect of ", Text(claim.counts), " would have been found with a chance of ",
                      Text(claim.power), ", one of ", Text(claim.smallest_detectable), " with 0.8");
}

std::string Claims(const StudyResult& result) {
  std::string text =
      "| claim | effect | interval | counts from | p | verdict |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const Judgement& claim : result.claims) {
    absl::StrAppend(&text, "| ", claim.statement, claim.secondary ? " (not part of the verdict)" : "", "<br>",
                    claim.what, " | ", Text(claim.effect), " | ",
                    claim.p.has_value() ? Text(claim.interval) : "exact", " | ",
                    claim.expect == v1::LESS ? "less than " : "", Text(claim.counts), " | ", Text(claim.p),
                    " | ", InWords(claim), " |\n");
  }
  return text;
}

std::string MeasureTable(const StudyResult& result) {
  const v1::Study& study = result.definition.study;
  std::string text = "| arm |", rule = "| --- |";
  const std::vector<v1::StudyMeasure> measures = MeasuresOf(study);
  for (const v1::StudyMeasure measure : measures) {
    absl::StrAppend(&text, " ", MeasureName(measure), " (", MeasureUnit(measure), ") |");
    absl::StrAppend(&rule, " --- |");
  }
  absl::StrAppend(&text, "\n", rule, "\n");
  for (const v1::StudyArm& arm : study.arms()) {
    absl::StrAppend(&text, "| ", arm.label().empty() ? arm.name() : arm.label(), " |");
    for (const v1::StudyMeasure measure : measures) {
      std::vector<double> values;
      const Measured measured = MeasuredByArm(result, measure);
      if (const auto seeds = measured.find(arm.name()); seeds != measured.end()) {
        for (const std::optional<double>& value : seeds->second) {
          if (value.has_value()) values.push_back(*value);
        }
      }
      absl::StrAppend(&text, " ", Text(statistics::Mean(values)), " ",
                      Text(statistics::MeanInterval(values, 1 - study.alpha()).Within(MeasureRange(measure))),
                      " |");
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::string WeightTable(const StudyResult& result) {
  const v1::Study& study = result.definition.study;
  std::string text =
      "| arm | group | reward | tokens | advantage | weight of a token | of the response |\n| --- | --- | "
      "--- | --- | --- | --- | --- |\n";
  for (const v1::StudyArm& arm : study.arms()) {
    const auto groups = result.weights.find(arm.name());
    if (groups == result.weights.end()) continue;
    for (const v1::StudyGroup& group : study.groups()) {
      const GroupWeights& weights = groups->second.at(group.name());
      for (int i = 0; i < group.rewards_size(); ++i) {
        absl::StrAppend(&text, "| ", arm.name(), " | ", group.name(), " | ", Text(group.rewards(i)), " | ",
                        group.lengths(i), " | ", Text(weights.advantages[i]), " | ",
                        Text(weights.token_weights[i]), " | ",
                        Text(weights.token_weights[i] * group.lengths(i)), " |\n");
      }
    }
  }
  return text;
}

std::string Setting(const StudyResult& result) {
  const v1::Study& study = result.definition.study;
  std::string text =
      absl::StrCat("- `", result.command, "`\n- recipe `", study.recipe(), "`, ", result.extent.Seeds(study),
                   " seeds, ", result.extent.quick ? "`--quick`" : "full", ", ",
                   result.extent.model.empty() ? "the study's own model" : "`" + result.extent.model + "`",
                   ", ", Text(result.seconds / 60), " minutes of runs\n");
  const auto list = [&](const std::string& who, const auto& overrides) {
    if (!overrides.empty()) absl::StrAppend(&text, "- ", who, ": `", absl::StrJoin(overrides, "`, `"), "`\n");
  };
  list("all runs", study.set());
  list(result.extent.quick ? "with `--quick`" : "in full", result.extent.Scale(study).set());
  if (result.extent.model.empty()) list("base runs, where arms begin", study.base_set());
  if (!result.extent.model.empty()) list("with `--model`", study.model_set());
  for (const v1::StudyArm& arm : study.arms()) list("arm " + arm.name(), arm.set());
  return text;
}

}  // namespace

std::string ToMarkdown(const StudyResult& result,
                       const std::vector<std::pair<std::string, std::string>>& charts) {
  const v1::Study& study = result.definition.study;
  std::string text =
      absl::StrCat("# ", study.title(), "\n\nVerdict: **", VerdictName(result.verdict), "**\n\n",
                   study.about(), "\n\n## Claims\n\n", "Intervals are ", Text(100 * (1 - study.alpha())),
                   " % by Student's t over seeds; arms of a seed begin alike and are compared in pairs. "
                   "What counts was fixed before the runs.\n\n",
                   Claims(result));
  if (!study.run_claims().empty()) {
    absl::StrAppend(&text, "\n## Arms\n\nMeans over seeds.\n\n", MeasureTable(result));
  }
  for (const auto& [file, what] : charts) absl::StrAppend(&text, "\n![", what, "](", file, ")\n");
  if (!result.weights.empty()) {
    absl::StrAppend(
        &text,
        "\n## Weights by the learner's loss\n\nHow fast the loss of a step of these groups falls when the "
        "log-probability of a token rises: each token of a response weighs the same.\n\n",
        WeightTable(result));
  }
  return absl::StrCat(text, "\n## How it was run\n\n", Setting(result));
}

}  // namespace drover::study
