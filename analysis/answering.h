// Which template makes a model answer: the shares of responses that do, by rules and by a judge. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/agreement.h"
#include "analysis/answer_rules.h"
#include "analysis/judge_run.h"
#include "analysis/sample.h"

namespace drover::analysis {

// What a judge of the task said about each sample.
struct JudgedBy {
  std::string judge;  // who
  std::vector<Judgement> judgements;
};

// A judge's share: of the responses that it was understood about.
struct JudgeShare {
  statistics::ClusteredShare answers;
  uint64_t understood = 0, not_understood = 0;
};

struct TemplateAnswering {
  std::string name;  // of the template
  uint64_t responses = 0;
  statistics::ClusteredShare answers;  // by the rules
  std::map<AnswerRule, uint64_t> rules;
  std::optional<JudgeShare> judge;
  statistics::ClusteredShare accuracy;
  double tokens = 0;  // mean
  // A response to be read for each rule that decided one: the first.
  std::map<AnswerRule, Sample> examples;
};

// `judged`: of the samples, in their order; null without a judge.
TemplateAnswering MeasureTemplate(const std::string& name, absl::Span<const Sample> samples,
                                  const JudgedBy* judged);

// Rules (rows) against the judge (columns), of the samples that it was understood about.
Agreement RulesAndJudge(absl::Span<const Sample> samples, absl::Span<const Judgement> judgements);

struct AnsweringResults {
  std::string model;
  nlohmann::ordered_json settings;  // what was run, for the report and the JSON
  std::vector<TemplateAnswering> templates;
  std::string judge;                                   // empty: none
  std::optional<Agreement> rules_judge, labels_judge;  // on the run's samples; on labelled ones
  uint64_t labels_not_understood = 0;
};

nlohmann::ordered_json ToJson(const AnsweringResults& results);
// answering.svg's path in the report is relative.
std::string ToMarkdown(const AnsweringResults& results);
std::string AnsweringSvg(const AnsweringResults& results);

// Pieces of the report, for reports of several models: the cells of a template, under their head, and how far rules and judge agree with
// the labels.
std::vector<std::string> TemplateHead(bool judge);
std::vector<std::string> TemplateRow(const TemplateAnswering& measured, bool judge);
std::string LabelsAgreement(const AnsweringResults& results);

}  // namespace drover::analysis
