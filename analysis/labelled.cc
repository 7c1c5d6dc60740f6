#include "analysis/labelled.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "analysis/answer_rules.h"
#include "analysis/judge.h"
#include "analysis/labelled_answers_jsonl.h"

namespace drover::analysis {

const std::vector<LabelledAnswer>& LabelledAnswers() {
  static const auto* const kAnswers = [] {
    auto* const answers = new std::vector<LabelledAnswer>();
    for (absl::string_view line : absl::StrSplit(kLabelledAnswersJsonl, '\n', absl::SkipWhitespace())) {
      const nlohmann::json json = nlohmann::json::parse(line.begin(), line.end());
      answers->push_back({json.at("id").get<std::string>(), json.at("question").get<std::string>(),
                          json.at("response").get<std::string>(), json.at("part") == "check",
                          json.at("label") == "answers"});
    }
    return answers;
  }();
  return *kAnswers;
}

Agreement RulesOnLabels(bool check_only) {
  std::vector<std::pair<size_t, size_t>> pairs;
  for (const LabelledAnswer& answer : LabelledAnswers()) {
    if (check_only && !answer.check) continue;
    const bool rules = Answers(JudgeByRules(answer.question, answer.response));
    pairs.emplace_back(answer.answers ? kJudgedAnswers : kJudgedContinues,
                       rules ? kJudgedAnswers : kJudgedContinues);
  }
  return MeasureAgreement(pairs, AnsweringTask().verdicts);
}

}  // namespace drover::analysis
