#include "programs/learner/suite_results.h"

#include <string>

#include "base/check.h"
#include "evaluation/records.h"
#include "evaluation/results.h"
#include "evaluation/settings.h"
#include "group/reward.h"

namespace drover::learner_process {
namespace {

evaluation::QuestionRecord RecordOf(const std::string& benchmark, const evaluation::SuiteQuestion& question,
                                    const std::string& prompt, const v1::Group& group) {
  evaluation::QuestionRecord record;
  record.benchmark = benchmark;
  record.id = question.id;
  record.digest = question.digest;
  record.level = question.level;
  record.subject = question.subject;
  record.problem = question.question.text;
  record.gold = question.question.gold;
  record.prompt = prompt;
  for (const v1::Response& response : group.responses()) {
    evaluation::GradedResponse graded;
    graded.response.text = response.text();
    graded.response.tokens = static_cast<uint64_t>(response.token_ids_size());
    graded.response.truncated = group::Truncated(response);
    graded.reward = group::Reward(response);
    graded.formatted = response.formatted();
    graded.extracted = response.extracted();
    graded.reason = response.reason();
    record.responses.push_back(std::move(graded));
  }
  return record;
}

evaluation::Settings SettingsOf(const recipe::Suite& suite, const v1::Recipe& recipe) {
  evaluation::Settings settings;
  settings.prompt_template = suite.prompt_template;
  settings.n = recipe.evaluation().suite().n();
  settings.sampling.temperature = recipe.evaluation().suite().temperature();
  settings.sampling.max_response_tokens = recipe::SuiteBudget(recipe);
  settings.grading.format = verifier::ParseRewardFormat(suite.prompt_template.reward_format)
                                .value_or(verifier::RewardFormat::kPlain);
  return settings;
}

}  // namespace

SuiteReport ReportOfSuite(const recipe::Suite& suite, const v1::Recipe& recipe,
                          const std::vector<v1::Group>& groups) {
  DROVER_CHECK(groups.size() == suite.prompts.size());
  SuiteReport report;
  evaluation::Tally tally;
  std::vector<std::string> names;
  size_t next = 0;
  for (const evaluation::Benchmark& benchmark : suite.benchmarks) {
    names.push_back(benchmark.name);
    for (const evaluation::SuiteQuestion& question : benchmark.questions) {
      const evaluation::QuestionRecord record =
          RecordOf(benchmark.name, question, suite.prompts[next].text(), groups[next]);
      ++next;
      tally.Add(record);
      report.responses += evaluation::FormatRecord(record) + "\n";
    }
  }
  report.results = evaluation::ToJson(SettingsOf(suite, recipe), tally.Summarise(names));
  report.results.erase("model");
  return report;
}

}  // namespace drover::learner_process
