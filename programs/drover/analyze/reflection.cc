#include "analysis/reflection.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "programs/drover/analyze/analyses.h"

namespace drover::cli::analyze {
namespace {

using analysis::Judgement;
using analysis::ReflectionResults;
using analysis::Sample;

// Samples at a place of the axis: a temperature or a step.
struct SamplesAt {
  double x = 0;
  std::vector<Sample> samples;
};

absl::StatusOr<ReflectionResults> Measure(Session& session, const std::string& axis,
                                          const std::vector<SamplesAt>& groups) {
  std::vector<Sample> all;
  for (const SamplesAt& group : groups) all.insert(all.end(), group.samples.begin(), group.samples.end());
  ASSIGN_OR_RETURN(const std::vector<Judgement> judgements,
                   session.Judge(analysis::ReflectionTask(), "reflection", all));
  ReflectionResults results{.model = session.model(), .settings = session.SettingsJson(), .axis = axis};
  if (session.has_judge()) results.judge = session.judge();
  size_t begin = 0;
  for (const auto& [x, samples] : groups) {
    absl::Span<const Judgement> judged;
    if (session.has_judge()) judged = absl::MakeConstSpan(judgements).subspan(begin, samples.size());
    begin += samples.size();
    results.groups.push_back(analysis::MeasureReflection(x, samples, judged));
  }
  return results;
}

absl::StatusOr<ReflectionResults> OverTemperatures(Session& session) {
  std::vector<SamplesAt> groups;
  for (const double temperature : session.options().temperatures) {
    ASSIGN_OR_RETURN(std::vector<Sample> samples,
                     session.Ask(SettingOf(session.options().templates[0], temperature)));
    groups.push_back({temperature, std::move(samples)});
  }
  return Measure(session, "temperature", groups);
}

absl::StatusOr<ReflectionResults> OverSteps(Session& session) {
  std::vector<SamplesAt> groups;
  for (StepSamples& stretch : session.stretches()) {
    groups.push_back({static_cast<double>(stretch.last), std::move(stretch.samples)});
  }
  return Measure(session, "step", groups);
}

absl::StatusOr<ReflectionResults> OverCheckpoints(Session& session) {
  std::vector<SamplesAt> groups;
  for (const auto& [step, folder] : session.checkpoints()) {
    Setting setting = SettingOf(session.options().templates[0], session.options().temperatures[0]);
    setting.name = absl::StrFormat("step-%06d-%s", step, setting.name);
    ASSIGN_OR_RETURN(std::vector<Sample> samples, session.AskCheckpoint(setting, folder));
    groups.push_back({static_cast<double>(step), std::move(samples)});
  }
  return Measure(session, "step", groups);
}

}  // namespace

absl::StatusOr<analysis::ReflectionResults> Reflection(Session& session) {
  if (session.options().run.empty()) return OverTemperatures(session);
  return session.options().suite.empty() ? OverSteps(session) : OverCheckpoints(session);
}

}  // namespace drover::cli::analyze
