#include "analysis/answering.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "analysis/labelled.h"
#include "analysis/markdown.h"
#include "base/status.h"
#include "plot/bar_chart.h"

namespace drover::analysis {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kQuotedBytes = 400;

double Mean(absl::Span<const Sample> samples) {
  double sum = 0;
  for (const Sample& sample : samples) sum += static_cast<double>(sample.tokens);
  return samples.empty() ? std::numeric_limits<double>::quiet_NaN()
                         : sum / static_cast<double>(samples.size());
}

JudgeShare ShareOfJudge(absl::Span<const Sample> samples, absl::Span<const Judgement> judgements) {
  JudgeShare share;
  std::vector<Sample> understood;
  std::vector<bool> hits;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (!judgements[i].verdict.has_value()) {
      ++share.not_understood;
      continue;
    }
    understood.push_back(samples[i]);
    hits.push_back(*judgements[i].verdict == kJudgedAnswers);
  }
  share.understood = understood.size();
  share.answers = statistics::ShareByQuestion(ClustersOf(understood, hits));
  return share;
}

Json ShareJson(const statistics::ClusteredShare& share) {
  return {{"share", NumberOrNull(share.share)}, {"interval", IntervalOf(share.share, share.interval)}};
}

Json TemplateJson(const TemplateAnswering& measured) {
  Json rules = Json::object();
  for (const auto& [rule, count] : measured.rules) rules[std::string(RuleName(rule))] = count;
  Json json = {{"responses", measured.responses},
               {"answers", ShareJson(measured.answers)},
               {"rules", rules},
               {"accuracy", ShareJson(measured.accuracy)},
               {"response_tokens", NumberOrNull(measured.tokens)},
               {"judge", nullptr}};
  if (measured.judge.has_value()) {
    json["judge"] = ShareJson(measured.judge->answers);
    json["judge"]["understood"] = measured.judge->understood;
    json["judge"]["not_understood"] = measured.judge->not_understood;
  }
  return json;
}

std::string TemplateRows(const AnsweringResults& results) {
  const bool judge = !results.judge.empty();
  std::vector<std::vector<std::string>> rows;
  for (const TemplateAnswering& measured : results.templates) rows.push_back(TemplateRow(measured, judge));
  return MarkdownTable(TemplateHead(judge), rows);
}

std::string RuleRows(const AnsweringResults& results) {
  std::vector<std::string> head = {"rule", "verdict"};
  std::map<AnswerRule, std::vector<std::string>> rows;
  for (const TemplateAnswering& measured : results.templates) {
    head.push_back(measured.name);
    for (const auto& [rule, count] : measured.rules) rows[rule];
  }
  std::vector<std::vector<std::string>> table;
  for (auto& [rule, row] : rows) {
    row = {std::string(RuleName(rule)), Answers(rule) ? "answers" : "continues"};
    for (const TemplateAnswering& measured : results.templates) {
      const auto found = measured.rules.find(rule);
      row.push_back(absl::StrCat(found == measured.rules.end() ? 0 : found->second));
    }
    table.push_back(row);
  }
  return MarkdownTable(head, table);
}

std::string AgreementPart(const AnsweringResults& results) {
  std::string text = absl::StrCat("## How far the judges can be believed\n\n", LabelsAgreement(results));
  if (results.rules_judge.has_value()) {
    absl::StrAppend(&text, "\nOn this run's responses:\n\n",
                    AgreementMarkdown(*results.rules_judge, "rules", "judge"));
  }
  return text;
}

std::string ExamplesPart(const AnsweringResults& results) {
  std::string text = "## Responses to read\n\nThe first that each rule decided.\n";
  for (const TemplateAnswering& measured : results.templates) {
    for (const auto& [rule, sample] : measured.examples) {
      absl::StrAppend(&text, "\n**", measured.name, "**, ", Answers(rule) ? "answers" : "continues", " (",
                      ToAbsl(RuleName(rule)), "), `", sample.id, "`:\n\n", Quoted(sample.text, kQuotedBytes));
    }
  }
  return text;
}

}  // namespace

std::vector<std::string> TemplateHead(bool judge) {
  std::vector<std::string> head = {"template", "responses", "answer, by the rules"};
  if (judge) head.insert(head.end(), {"answer, by the judge", "judge not understood"});
  head.insert(head.end(), {"correct", "tokens, mean"});
  return head;
}

std::vector<std::string> TemplateRow(const TemplateAnswering& measured, bool judge) {
  std::vector<std::string> row = {measured.name, absl::StrCat(measured.responses),
                                  PercentWith(measured.answers.share, measured.answers.interval)};
  if (judge && measured.judge.has_value()) {
    row.push_back(PercentWith(measured.judge->answers.share, measured.judge->answers.interval));
    row.push_back(absl::StrCat(measured.judge->not_understood));
  }
  row.push_back(PercentWith(measured.accuracy.share, measured.accuracy.interval));
  row.push_back(Fixed(measured.tokens, 0));
  return row;
}

std::string LabelsAgreement(const AnsweringResults& results) {
  std::string text =
      absl::StrCat("On ", LabelledAnswers().size(),
                   " responses whose verdict was decided by reading (half of them, the second table, were "
                   "not in view when the rules were made):\n\n",
                   AgreementMarkdown(RulesOnLabels(false), "label", "rules"), "\n",
                   AgreementMarkdown(RulesOnLabels(true), "label (unseen half)", "rules"));
  if (!results.labels_judge.has_value()) return text;
  return absl::StrCat(text, "\n", AgreementMarkdown(*results.labels_judge, "label", "judge"), "The judge (",
                      results.judge, ") was not understood about ", results.labels_not_understood,
                      " of them.\n");
}

TemplateAnswering MeasureTemplate(const std::string& name, absl::Span<const Sample> samples,
                                  const JudgedBy* judged) {
  TemplateAnswering measured{.name = name, .responses = samples.size(), .tokens = Mean(samples)};
  std::vector<bool> answers;
  for (const Sample& sample : samples) {
    const AnswerRule rule = JudgeByRules(sample.problem, sample.text);
    answers.push_back(Answers(rule));
    ++measured.rules[rule];
    measured.examples.emplace(rule, sample);
  }
  measured.answers = statistics::ShareByQuestion(ClustersOf(samples, answers));
  measured.accuracy = ShareOf(samples, [&](size_t i) { return samples[i].correct; });
  if (judged != nullptr) measured.judge = ShareOfJudge(samples, judged->judgements);
  return measured;
}

Agreement RulesAndJudge(absl::Span<const Sample> samples, absl::Span<const Judgement> judgements) {
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (!judgements[i].verdict.has_value()) continue;
    const bool answers = Answers(JudgeByRules(samples[i].problem, samples[i].text));
    pairs.emplace_back(answers ? kJudgedAnswers : kJudgedContinues, *judgements[i].verdict);
  }
  return MeasureAgreement(pairs, AnsweringTask().verdicts);
}

Json ToJson(const AnsweringResults& results) {
  Json json = {{"analysis", "answering"}, {"model", results.model}, {"settings", results.settings}};
  json["judge"] = results.judge.empty() ? Json() : Json(results.judge);
  json["templates"] = Json::object();
  for (const TemplateAnswering& measured : results.templates)
    json["templates"][measured.name] = TemplateJson(measured);
  Json& agreement = json["agreement"] = {{"labels_rules", AgreementJson(RulesOnLabels(false))},
                                         {"labels_rules_unseen", AgreementJson(RulesOnLabels(true))},
                                         {"labels_judge", nullptr},
                                         {"rules_judge", nullptr}};
  if (results.labels_judge.has_value()) {
    agreement["labels_judge"] = AgreementJson(*results.labels_judge);
    agreement["labels_judge"]["not_understood"] = results.labels_not_understood;
  }
  if (results.rules_judge.has_value()) agreement["rules_judge"] = AgreementJson(*results.rules_judge);
  return json;
}

std::string ToMarkdown(const AnsweringResults& results) {
  return absl::StrCat(
      "# Which template makes ", results.model, " answer\n\n", TemplateRows(results),
      "\nIntervals are 95 %, clustered by question. A response answers when it says something towards the "
      "result of its "
      "question, right or wrong; others go on with the text.",
      results.judge.empty() ? "" : absl::StrCat(" The judge is ", results.judge, "."),
      "\n\n![Share of responses that answer, by template](answering.svg)\n\n## What the rules saw\n\n",
      RuleRows(results), "\n", AgreementPart(results), "\n", ExamplesPart(results), "\n## Settings\n\n",
      Quoted(results.settings.dump(1, ' ', false, Json::error_handler_t::replace), 10000));
}

std::string AnsweringSvg(const AnsweringResults& results) {
  plot::BarChart chart{
      .title = absl::StrCat("Responses that answer the question: ", ShortName(results.model)),
      .x_title = "template",
      .y = {.title = "share of responses", .low = 0, .high = 1, .percent = true}};
  plot::BarSeries rules{.name = "by the rules"}, judge{.name = "by the judge"};
  const auto bar = [](const statistics::ClusteredShare& share) {
    return plot::Bar{share.share, plot::Interval{share.interval.low, share.interval.high}};
  };
  for (const TemplateAnswering& measured : results.templates) {
    chart.categories.push_back(measured.name);
    rules.bars.push_back(bar(measured.answers));
    if (measured.judge.has_value()) judge.bars.push_back(bar(measured.judge->answers));
  }
  chart.series.push_back(rules);
  if (!results.judge.empty()) chart.series.push_back(judge);
  return plot::ToSvg(chart);
}

}  // namespace drover::analysis
