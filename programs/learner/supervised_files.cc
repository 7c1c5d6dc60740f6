#include "programs/learner/supervised_files.h"

#include <string>

#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "programs/learner/kept_recipe.h"
#include "services/run/jsonl.h"

namespace drover::learner_process {
namespace {

using Json = nlohmann::ordered_json;

double NowSeconds() { return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()); }

double Number(const Json& line, const char* field) {
  const auto at = line.find(field);
  return at != line.end() && at->is_number() ? at->get<double>() : 0;  // null: it was not finite
}

HeldoutLoss EvaluationFrom(const Json& line) {
  HeldoutLoss evaluation{.step = line.value("step", uint64_t{0})};
  evaluation.loss.nats = Number(line, "heldout_nats");
  evaluation.loss.tokens = static_cast<int64_t>(Number(line, "heldout_tokens"));
  return evaluation;
}

}  // namespace

absl::Status SupervisedFiles::KeepRecipe(const v1::Recipe& recipe) {
  return learner_process::KeepRecipe(recipe, folder_);
}

absl::StatusOr<SupervisedHistory> SupervisedFiles::GoBackTo(uint64_t step) {
  folder_.files()->RemoveFile(folder_.summary()).IgnoreError();  // most often there is none
  for (const std::string& path : {folder_.metrics(), folder_.evaluations()}) {
    ASSIGN_OR_RETURN(const uint64_t dropped, run::KeepStepsUpTo(path, step, folder_.files()));
    if (dropped > 0) log::Warning(run::DroppedText(path, dropped));
  }
  SupervisedHistory history;
  ASSIGN_OR_RETURN(const auto metrics, run::ReadJsonl(folder_.metrics(), folder_.files()));
  for (const Json& line : metrics) {
    history.losses.push_back(Number(line, "loss"));
    history.seconds = Number(line, "seconds");
    history.tokens_seen = line.value("tokens_seen", uint64_t{0});
    history.skipped_steps += line.value("skipped_steps", uint64_t{0});
  }
  ASSIGN_OR_RETURN(const auto evaluations, run::ReadJsonl(folder_.evaluations(), folder_.files()));
  for (const Json& line : evaluations) history.evaluations.push_back(EvaluationFrom(line));
  RETURN_IF_ERROR(events_.Rewrite(metrics, evaluations, NowSeconds()));
  return history;
}

absl::Status SupervisedFiles::Append(const SupervisedReport& report) {
  const Json line = ToJson(report);
  RETURN_IF_ERROR(run::AppendLines(folder_.metrics(), run::ToLine(line), folder_.files()));
  return events_.AppendMetrics(line, NowSeconds());
}

absl::Status SupervisedFiles::Append(const HeldoutLoss& evaluation) {
  const Json line = ToJson(evaluation);
  RETURN_IF_ERROR(run::AppendLines(folder_.evaluations(), run::ToLine(line), folder_.files()));
  return events_.AppendEvaluation(line, NowSeconds());
}

absl::StatusOr<std::optional<Json>> SupervisedFiles::ReadData() {
  const auto text = ReadFile(folder_.data(), kMaxFileBytes, folder_.files());
  if (absl::IsNotFound(text.status())) return std::optional<Json>();
  RETURN_IF_ERROR(text.status());
  Json data = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!data.is_object()) return absl::DataLossError(folder_.data() + " is no JSON object: it is damaged");
  return std::optional<Json>(std::move(data));
}

absl::Status SupervisedFiles::WriteData(const Json& data) {
  return WriteFileAtomically(folder_.data(), data.dump(2) + "\n", folder_.files());
}

absl::Status SupervisedFiles::WriteSummary(const Json& summary) {
  return WriteFileAtomically(folder_.summary(), summary.dump(2) + "\n", folder_.files());
}

}  // namespace drover::learner_process
