#include "analysis/answering.h"

#include <utility>

#include "analysis/labelled.h"
#include "base/status.h"
#include "programs/drover/analyze/analyses.h"

namespace drover::cli::analyze {
namespace {

using analysis::JudgeItem;
using analysis::Judgement;
using analysis::Sample;

struct Asked {
  Setting setting;
  std::vector<Sample> samples;
};

absl::StatusOr<std::vector<Asked>> AskAll(Session& session) {
  std::vector<Asked> asked;
  for (const std::string& name : session.options().templates) {
    for (const double temperature : session.options().temperatures) {
      const Setting setting = SettingOf(name, temperature);
      ASSIGN_OR_RETURN(std::vector<Sample> samples, session.Ask(setting));
      asked.push_back({setting, std::move(samples)});
    }
  }
  return asked;
}

// How far the judge can be believed: the labelled responses.
absl::Status JudgeLabels(Session& session, analysis::AnsweringResults& results) {
  std::vector<JudgeItem> items;
  for (const analysis::LabelledAnswer& answer : analysis::LabelledAnswers()) {
    items.push_back({answer.id, answer.question, answer.response});
  }
  ASSIGN_OR_RETURN(const std::vector<Judgement> judgements,
                   session.JudgeShared(analysis::AnsweringTask(), "labelled", items));
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!judgements[i].verdict.has_value()) {
      ++results.labels_not_understood;
      continue;
    }
    const bool answers = analysis::LabelledAnswers()[i].answers;
    pairs.emplace_back(answers ? analysis::kJudgedAnswers : analysis::kJudgedContinues,
                       *judgements[i].verdict);
  }
  results.labels_judge = analysis::MeasureAgreement(pairs, analysis::AnsweringTask().verdicts);
  return absl::OkStatus();
}

// `judgements` are of all settings' samples, one setting's behind the other's.
void MeasureTemplates(const Session& session, const std::vector<Asked>& asked,
                      const std::vector<Judgement>& judgements, analysis::AnsweringResults& results) {
  auto from = judgements.begin();
  for (const auto& [setting, samples] : asked) {
    analysis::JudgedBy judged;
    if (session.has_judge()) {
      const auto to = from + static_cast<std::ptrdiff_t>(samples.size());
      judged = {session.judge(), {from, to}};
      from = to;
    }
    const bool one_temperature = session.options().temperatures.size() == 1;
    results.templates.push_back(
        analysis::MeasureTemplate(one_temperature ? setting.prompt_template : setting.name, samples,
                                  session.has_judge() ? &judged : nullptr));
  }
}

}  // namespace

absl::StatusOr<analysis::AnsweringResults> Answering(Session& session) {
  analysis::AnsweringResults results{.model = session.model(), .settings = session.SettingsJson()};
  ASSIGN_OR_RETURN(const std::vector<Asked> asked, AskAll(session));
  std::vector<Sample> all;
  for (const Asked& each : asked) all.insert(all.end(), each.samples.begin(), each.samples.end());
  ASSIGN_OR_RETURN(const std::vector<Judgement> judgements,
                   session.Judge(analysis::AnsweringTask(), "answering", all));
  MeasureTemplates(session, asked, judgements, results);
  if (session.has_judge()) {
    results.judge = session.judge();
    results.rules_judge = analysis::RulesAndJudge(all, judgements);
    RETURN_IF_ERROR(JudgeLabels(session, results));
  }
  return results;
}

}  // namespace drover::cli::analyze
