#include "programs/drover/analyze/analyze_command.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "programs/drover/analyze/analyses.h"
#include "programs/drover/analyze/session.h"

namespace drover::cli::analyze {
namespace {

using Json = nlohmann::ordered_json;

absl::StatusOr<AnalysisReport> Analyze(Kind kind, Session& session) {
  switch (kind) {
    case Kind::kAnswering:
      return Answering(session);
    case Kind::kExploration:
      return Exploration(session);
    case Kind::kReflection:
      return Reflection(session);
  }
  return absl::InternalError("no such analysis");
}

absl::Status Write(const AnalyzeOptions& options, Kind kind, const AnalysisReport& report) {
  const auto in_out = [&](const std::string& name) { return absl::StrCat(options.out, "/", name); };
  for (const auto& [name, svg] : report.plots) RETURN_IF_ERROR(WriteFileAtomically(in_out(name), svg));
  RETURN_IF_ERROR(WriteFileAtomically(in_out("report.md"), report.markdown));
  return WriteFileAtomically(in_out(absl::StrCat(KindName(kind), ".json")),
                             report.json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

void FillDefaults(Kind kind, AnalyzeOptions& options) {
  if (options.templates.empty()) {
    options.templates = kind == Kind::kReflection ? std::vector<std::string>{"r1"}
                                                  : std::vector<std::string>{"r1", "qwen_math", "none"};
  }
  if (!options.temperatures.empty()) return;
  switch (kind) {
    case Kind::kAnswering:
      options.temperatures = {0};
      break;
    case Kind::kExploration:
      options.temperatures = {0.2, 0.4, 0.6, 0.8, 1.0, 1.2};
      break;
    case Kind::kReflection:
      options.temperatures =
          options.run.empty() ? std::vector<double>{0.4, 0.6, 0.8, 1.0} : std::vector<double>{1.0};
      break;
  }
}

absl::Status RunAnalysis(Kind kind, const AnalyzeOptions& given, const std::atomic<bool>& stop) {
  AnalyzeOptions options = given;
  FillDefaults(kind, options);
  Session session(kind, options, stop);
  RETURN_IF_ERROR(session.Prepare());
  ASSIGN_OR_RETURN(const AnalysisReport report, Analyze(kind, session));
  RETURN_IF_ERROR(Write(options, kind, report));
  if (options.json) {
    std::printf("%s\n", report.json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return absl::OkStatus();
  }
  std::printf("%s\n%s/report.md has all of it\n",
              report.markdown.substr(0, report.markdown.find("\n![")).c_str(), options.out.c_str());
  return absl::OkStatus();
}

}  // namespace drover::cli::analyze
