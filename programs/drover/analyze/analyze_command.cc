#include "programs/drover/analyze/analyze_command.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "programs/drover/analyze/analyses.h"
#include "programs/drover/analyze/models.h"
#include "programs/drover/analyze/out_folder.h"
#include "programs/drover/analyze/reports.h"
#include "programs/drover/analyze/session.h"

namespace drover::cli::analyze {
namespace {

template <typename Results>
using Analysis = absl::StatusOr<Results> (*)(Session&);

// One model, or a run.
template <typename Results>
absl::StatusOr<AnalysisReport> AnalyzeOne(Kind kind, const AnalyzeOptions& options,
                                          Analysis<Results> analysis, const std::atomic<bool>& stop) {
  Session session(kind, options, stop);
  RETURN_IF_ERROR(session.Check());
  RETURN_IF_ERROR(session.Open());
  ASSIGN_OR_RETURN(const Results results, analysis(session));
  return ReportOf(results);
}

// A session a model, all of them checked, in OUT/models/NAME.
absl::StatusOr<std::vector<std::unique_ptr<Session>>> CheckedSessions(Kind kind,
                                                                      const AnalyzeOptions& options,
                                                                      const std::vector<NamedModel>& models,
                                                                      const std::atomic<bool>& stop) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (const NamedModel& model : models) {
    AnalyzeOptions own = options;
    own.model = model.model;
    own.out = absl::StrCat(options.out, "/", model.folder);
    sessions.push_back(std::make_unique<Session>(kind, std::move(own), stop));
    RETURN_IF_ERROR(sessions.back()->Check());
  }
  return sessions;
}

// One after the other, so that memory holds one model at a time. Each writes its own report as soon as it is done.
template <typename Results>
absl::StatusOr<AnalysisReport> AnalyzeSeveral(Kind kind, const AnalyzeOptions& options,
                                              const std::vector<NamedModel>& models,
                                              Analysis<Results> analysis, const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(const std::vector<std::unique_ptr<Session>> sessions,
                   CheckedSessions(kind, options, models, stop));
  ASSIGN_OR_RETURN(const std::unique_ptr<FileLock> lock,
                   OpenOutFolder(options.out, {.kind = KindName(kind), .several = true}));
  size_t things = 0;
  for (const std::unique_ptr<Session>& session : sessions) things += session->CountThings();
  AnalysisProgress progress(things);
  analysis::ByModel<Results> results;
  for (size_t i = 0; i < models.size(); ++i) {
    sessions[i]->Join(&progress, models[i].name, options.out);
    RETURN_IF_ERROR(sessions[i]->Open());
    absl::StatusOr<Results> of_model = analysis(*sessions[i]);
    if (!of_model.ok()) return Annotate(of_model.status(), models[i].name);
    RETURN_IF_ERROR(WriteReport(sessions[i]->options().out, kind, ReportOf(*of_model)));
    results.push_back({models[i].name, models[i].folder, *std::move(of_model)});
  }
  return ReportOf(results);
}

template <typename Results>
absl::StatusOr<AnalysisReport> Analyze(Kind kind, AnalyzeOptions options, Analysis<Results> analysis,
                                       const std::atomic<bool>& stop) {
  if (!options.run.empty()) return AnalyzeOne(kind, options, analysis, stop);
  ASSIGN_OR_RETURN(const std::vector<NamedModel> models, ModelsOf(options));
  if (models.size() > 1) return AnalyzeSeveral(kind, options, models, analysis, stop);
  options.model = models[0].model;
  return AnalyzeOne(kind, options, analysis, stop);
}

absl::StatusOr<AnalysisReport> Analyze(Kind kind, const AnalyzeOptions& options,
                                       const std::atomic<bool>& stop) {
  switch (kind) {
    case Kind::kAnswering:
      return Analyze(kind, options, &Answering, stop);
    case Kind::kExploration:
      return Analyze(kind, options, &Exploration, stop);
    case Kind::kReflection:
      return Analyze(kind, options, &Reflection, stop);
  }
  return absl::InternalError("no such analysis");
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
  ASSIGN_OR_RETURN(const AnalysisReport report, Analyze(kind, options, stop));
  RETURN_IF_ERROR(WriteReport(options.out, kind, report));
  PrintReport(options.out, report, options.json);
  return absl::OkStatus();
}

}  // namespace drover::cli::analyze
