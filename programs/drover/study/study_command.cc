#include "programs/drover/study/study_command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "programs/drover/programs.h"
#include "programs/drover/report.h"
#include "programs/drover/study/runner.h"
#include "programs/drover/study/study_folder.h"
#include "programs/drover/study/weights.h"
#include "programs/drover/terminal_progress.h"
#include "services/run/jsonl.h"
#include "study/charts.h"
#include "study/result.h"

namespace drover::cli {
namespace {

using study_command::Progress;
using study_command::Runner;
using study_command::StudyFolder;

int ListStudies() {
  const auto studies = study::ListStudies();
  if (!studies.ok()) return Report(kFailure, studies.status());
  for (const study::Definition& definition : *studies) {
    std::printf("%-22s %s\n", definition.name.c_str(), definition.study.title().c_str());
  }
  return kDone;
}

// The command that repeats it, as a person would type it.
std::string CommandText(const StudyOptions& options) {
  std::vector<std::string> words = {"drover", "study", options.name};
  if (options.quick) words.push_back("--quick");
  if (options.seeds > 0) words.push_back(absl::StrCat("--seeds ", options.seeds));
  if (!options.model.empty()) words.push_back("--model " + options.model);
  words.push_back("--out " + options.out);
  return absl::StrJoin(words, " ");
}

absl::StatusOr<study::Extent> ExtentOf(const StudyOptions& options) {
  if (options.out.empty()) return absl::InvalidArgumentError("--out is missing: the folder of the study");
  if (options.seeds == 1)
    return absl::InvalidArgumentError("--seeds: got 1, must be at least 2: one run shows no spread");
  study::Extent extent{.quick = options.quick, .seeds = static_cast<uint32_t>(options.seeds)};
  if (options.model.empty()) return extent;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(options.model + "/config.json", ignored)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--model ", options.model, ": there is no config.json in it; a Hugging Face directory is wanted"));
  }
  extent.model = std::filesystem::absolute(options.model).lexically_normal().string();
  return extent;
}

int Jobs(const StudyOptions& options) {
  if (options.jobs > 0) return options.jobs;
  return options.model.empty() ? std::max(1, static_cast<int>(std::thread::hardware_concurrency())) : 1;
}

absl::StatusOr<study::RunRecord> ReadRecord(const run::RunFolder& folder) {
  study::RunRecord record;
  ASSIGN_OR_RETURN(record.metrics, run::ReadJsonl(folder.metrics()));
  ASSIGN_OR_RETURN(record.samples, run::ReadJsonl(folder.samples()));
  ASSIGN_OR_RETURN(const std::string summary, ReadFile(folder.summary()));
  record.summary = study::Json::parse(summary, nullptr, /*allow_exceptions=*/false);
  return record;
}

absl::Status ReadRuns(const StudyFolder& folder, const std::vector<study::PlannedRun>& runs,
                      study::StudyResult& result) {
  for (const study::PlannedRun& plan : runs) {
    if (plan.arm < 0) continue;
    ASSIGN_OR_RETURN(study::RunRecord record, ReadRecord(folder.run(plan.name)));
    result.runs.push_back({plan, std::move(record)});
  }
  return absl::OkStatus();
}

// study.json comes last: where it is, the rest is whole.
absl::Status WriteResult(const StudyFolder& folder, const study::StudyResult& result) {
  std::vector<std::pair<std::string, std::string>> shown;
  for (const study::Chart& chart : study::Charts(result)) {
    RETURN_IF_ERROR(WriteFileAtomically(folder.path(chart.file), chart.svg));
    shown.emplace_back(chart.file, chart.what);
  }
  RETURN_IF_ERROR(WriteFileAtomically(folder.path("report.md"), study::ToMarkdown(result, shown)));
  return WriteFileAtomically(folder.path("study.json"), study::ToJson(result));
}

void PrintResult(const study::StudyResult& result, const std::string& out) {
  for (const study::Judgement& claim : result.claims) {
    std::printf("%-15s %s (%s: %.4g, counts from %.4g)\n", study::VerdictName(claim.verdict).c_str(),
                claim.statement.c_str(), claim.what.c_str(), claim.effect, claim.counts);
  }
  std::printf("%s: %s, %d seeds, %.1f min\n%s/report.md\n", result.definition.name.c_str(),
              study::VerdictName(result.verdict).c_str(),
              static_cast<int>(result.extent.Seeds(result.definition.study)), result.seconds / 60,
              out.c_str());
}

class StudyRun {
 public:
  StudyRun(const StudyOptions& options, StudyFolder folder, study::StudyResult result,
           std::vector<study::PlannedRun> runs)
      : options_(options), folder_(std::move(folder)), result_(std::move(result)), runs_(std::move(runs)) {}

  int Go(StopSignal& stop) {
    auto weights = study_command::AskWeights(ProgramFolder() + "/drover-model", folder_,
                                             result_.definition.study, result_.extent);
    if (!weights.ok()) return Report(kFailure, weights.status());
    result_.weights = *std::move(weights);
    const absl::Status ran = Train(stop);
    progress_.Clear();
    if (absl::IsCancelled(ran)) return Report(kInterrupted, "stopped; the same command goes on where it was");
    if (!ran.ok()) return Report(kFailure, ran);
    return Finish();
  }

 private:
  absl::Status Train(StopSignal& stop) {
    Runner runner({.drover = ProgramFolder() + "/drover",
                   .recipe = result_.definition.study.recipe(),
                   .jobs = Jobs(options_)},
                  folder_, runs_);
    const auto shown = [&](const Progress& progress) { progress_.Show(study_command::ToText(progress)); };
    const auto ended = [&](const std::string& name, const Progress& progress) {
      KeepClock();
      progress_.Clear();
      if (options_.quiet) return;
      std::printf("%s done: %s\n", name.c_str(), study_command::ToText(progress).c_str());
      std::fflush(stdout);
    };
    const absl::Status ran = runner.Run(stop, shown, ended);
    KeepClock();
    return ran;
  }

  void KeepClock() {
    result_.seconds = folder_.seconds() + absl::ToDoubleSeconds(absl::Now() - begun_);
    if (const absl::Status kept = folder_.WriteClock(result_.seconds); !kept.ok()) Report(kDone, kept);
  }

  int Finish() {
    if (const absl::Status read = ReadRuns(folder_, runs_, result_); !read.ok())
      return Report(kFailure, read);
    study::Conclude(result_);
    if (const absl::Status written = WriteResult(folder_, result_); !written.ok())
      return Report(kFailure, written);
    if (!options_.quiet) PrintResult(result_, options_.out);
    return kDone;
  }

  const StudyOptions& options_;
  const StudyFolder folder_;
  study::StudyResult result_;
  const std::vector<study::PlannedRun> runs_;
  TerminalProgress progress_;
  const absl::Time begun_ = absl::Now();
};

}  // namespace

int Study(const StudyOptions& options) {
  if (options.name == "list") return ListStudies();
  StopSignal stop;
  study::StudyResult result;
  auto definition = study::FindStudy(options.name);
  if (!definition.ok()) return Report(kBadInput, definition.status());
  result.definition = *std::move(definition);
  auto extent = ExtentOf(options);
  if (!extent.ok()) return Report(kBadInput, extent.status());
  result.extent = *std::move(extent);
  result.command = CommandText(options);
  auto runs = study::PlanRuns(result.definition.study, result.extent);
  if (!runs.ok()) return Report(kBadInput, Annotate(runs.status(), options.name));
  auto folder = StudyFolder::Take(options.out, result.definition, result.extent);
  if (!folder.ok()) {
    const bool input =
        absl::IsInvalidArgument(folder.status()) || absl::IsFailedPrecondition(folder.status());
    return Report(input ? kBadInput : kFailure, folder.status());
  }
  return StudyRun(options, *std::move(folder), std::move(result), *std::move(runs)).Go(stop);
}

}  // namespace drover::cli
