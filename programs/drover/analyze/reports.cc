#include "programs/drover/analyze/reports.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::cli::analyze {
namespace {

constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;

}  // namespace

AnalysisReport ReportOf(const analysis::AnsweringResults& results) {
  return {ToJson(results), ToMarkdown(results), {{"answering.svg", AnsweringSvg(results)}}};
}

AnalysisReport ReportOf(const analysis::ExplorationResults& results) {
  return {ToJson(results),
          ToMarkdown(results),
          {{"exploration.svg", ExplorationSvg(results)}, {"accuracy.svg", AccuracySvg(results)}}};
}

AnalysisReport ReportOf(const analysis::ReflectionResults& results) {
  return {ToJson(results), ToMarkdown(results), ReflectionPlots(results)};
}

AnalysisReport ReportOf(const analysis::ByModel<analysis::AnsweringResults>& models) {
  return {analysis::ToJson(models), analysis::ToMarkdown(models), analysis::AnsweringPlots(models)};
}

AnalysisReport ReportOf(const analysis::ByModel<analysis::ExplorationResults>& models) {
  return {analysis::ToJson(models), analysis::ToMarkdown(models), analysis::ExplorationPlots(models)};
}

AnalysisReport ReportOf(const analysis::ByModel<analysis::ReflectionResults>& models) {
  return {analysis::ToJson(models), analysis::ToMarkdown(models), analysis::ReflectionPlots(models)};
}

absl::Status WriteReport(const std::string& out, Kind kind, const AnalysisReport& report) {
  const auto in_out = [&](const std::string& name) { return absl::StrCat(out, "/", name); };
  for (const auto& [name, svg] : report.plots) RETURN_IF_ERROR(WriteFileAtomically(in_out(name), svg));
  RETURN_IF_ERROR(WriteFileAtomically(in_out("report.md"), report.markdown));
  return WriteFileAtomically(in_out(absl::StrCat(KindName(kind), ".json")),
                             report.json.dump(1, ' ', false, kReplace) + "\n");
}

void PrintReport(const std::string& out, const AnalysisReport& report, bool json) {
  if (json) {
    std::printf("%s\n", report.json.dump(-1, ' ', false, kReplace).c_str());
    return;
  }
  std::printf("%s\n%s/report.md has all of it\n",
              report.markdown.substr(0, report.markdown.find("\n![")).c_str(), out.c_str());
}

}  // namespace drover::cli::analyze
