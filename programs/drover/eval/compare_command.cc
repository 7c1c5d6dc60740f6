#include <cstdio>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status.h"
#include "evaluation/compare.h"
#include "evaluation/records.h"
#include "evaluation/settings.h"
#include "programs/drover/eval/eval_command.h"
#include "programs/drover/eval/eval_text.h"
#include "programs/drover/report.h"

namespace drover::cli {
namespace {

using evaluation::QuestionOutcome;
using nlohmann::ordered_json;

struct Run {
  ordered_json settings;
  std::vector<QuestionOutcome> questions;
};

// A finished evaluation: one that goes on has questions without a record.
absl::StatusOr<Run> LoadRun(const std::string& folder) {
  Run run;
  const std::string settings = absl::StrCat(folder, "/", evaluation::kSettingsFile);
  const auto text = ReadFile(settings);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrCat(folder, ": no evaluation is there (", evaluation::kSettingsFile, " is missing)"));
  }
  RETURN_IF_ERROR(text.status());
  run.settings = ordered_json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!run.settings.is_object() || !run.settings.contains("benchmarks")) {
    return absl::InvalidArgumentError(absl::StrCat(settings, ": is no settings of an evaluation"));
  }
  const auto add = [&](const evaluation::QuestionRecord& record) {
    run.questions.push_back(evaluation::OutcomeOf(record));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(
      evaluation::ReadRecords(absl::StrCat(folder, "/", evaluation::kResponsesFile), add).status());
  uint64_t asked = 0;
  for (const auto& [name, benchmark] : run.settings["benchmarks"].items())
    asked += benchmark.value("questions", uint64_t{0});
  if (run.questions.size() != asked) {
    return absl::InvalidArgumentError(absl::StrCat(folder, ": has answers to ", run.questions.size(), " of ",
                                                   asked, " questions; let drover eval go on with it first"));
  }
  return run;
}

// What beside the questions is not the same, for a person: "model, sampling.temperature".
std::string DifferentSettings(const Run& a, const Run& b) {
  std::vector<std::string> fields;
  for (const std::string& field : evaluation::Differences(a.settings, b.settings)) {
    if (field.find("benchmarks") != 0) fields.push_back(field);
  }
  return absl::StrJoin(fields, ", ");
}

}  // namespace

int CompareRuns(const CompareRunsOptions& options) {
  const auto a = LoadRun(options.a), b = LoadRun(options.b);
  if (!a.ok()) return Conclude(a.status());
  if (!b.ok()) return Conclude(b.status());
  const auto comparison =
      evaluation::Compare(a->questions, b->questions, {.common = options.common, .seed = options.seed});
  if (!comparison.ok()) return Conclude(comparison.status());
  const std::string differ = DifferentSettings(*a, *b);
  if (options.json) {
    ordered_json json = {{"a", options.a}, {"b", options.b}};
    json["settings_that_differ"] = evaluation::Differences(a->settings, b->settings);
    json.update(evaluation::ToJson(*comparison));
    std::puts(json.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
    return kDone;
  }
  std::printf("A: %s\nB: %s\nsettings that differ: %s\n\n%s", options.a.c_str(), options.b.c_str(),
              differ.empty() ? "none" : differ.c_str(), ComparisonText(*comparison).c_str());
  return kDone;
}

}  // namespace drover::cli
