#include "programs/drover/analyze/settings_run.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/digest.h"
#include "base/status.h"
#include "base/threads.h"
#include "data/templates.h"
#include "evaluation/evaluation.h"
#include "evaluation/prompts.h"
#include "model/jinja/chat_template.h"

namespace drover::cli::analyze {
namespace {

constexpr char kCustomTemplate[] = "custom";

absl::StatusOr<std::shared_ptr<const model::jinja::ChatTemplate>> ChatOf(const AnalyzeOptions& options) {
  // An endpoint's server writes its model's chats down.
  if (options.model.folder.empty()) return nullptr;
  ASSIGN_OR_RETURN(model::jinja::ChatTemplate chat, model::jinja::ChatTemplate::Load(options.model.folder));
  return std::make_shared<const model::jinja::ChatTemplate>(std::move(chat));
}

absl::StatusOr<evaluation::Settings> EvaluationSettings(const SettingsRun& run, const Setting& setting,
                                                        const data::PromptTemplate& prompt_template) {
  evaluation::Settings settings;
  settings.model = run.responder.Describe();
  settings.weights = run.weights;
  settings.dtype = run.options.model.folder.empty() ? "" : run.options.model.dtype;
  settings.prompt_template = prompt_template;
  settings.n = run.options.n;
  settings.sampling = {.temperature = setting.temperature,
                       .top_p = run.options.top_p,
                       .top_k = run.options.top_k,
                       .min_p = run.options.min_p,
                       .max_response_tokens = run.options.max_response_tokens,
                       .stop = prompt_template.stop,
                       .keep_stop = prompt_template.keep_stop,
                       .seed = run.options.seed};
  const std::optional<verifier::RewardFormat> format =
      verifier::ParseRewardFormat(prompt_template.reward_format);
  if (!format.has_value()) return absl::InternalError(prompt_template.reward_format);
  settings.grading.format = *format;
  RETURN_IF_ERROR(settings.Validate());
  return settings;
}

}  // namespace

Setting SettingOf(const std::string& prompt_template, double temperature) {
  std::string name = prompt_template;
  const absl::StatusOr<data::PromptTemplate> found = data::FindTemplate(prompt_template);
  if (found.ok() && found->name == kCustomTemplate) {
    name = absl::StrCat(kCustomTemplate, "-", HexDigest(prompt_template).substr(0, 8));
  }
  return {absl::StrFormat("%s-t%g", name, temperature), prompt_template, temperature};
}

absl::StatusOr<std::vector<analysis::Sample>> Responses(const SettingsRun& run, const Setting& setting) {
  ASSIGN_OR_RETURN(const data::PromptTemplate prompt_template, data::FindTemplate(setting.prompt_template));
  std::shared_ptr<const model::jinja::ChatTemplate> chat;
  if (prompt_template.chat) {
    ASSIGN_OR_RETURN(chat, ChatOf(run.options));
  }
  ASSIGN_OR_RETURN(const evaluation::PromptBuilder prompts,
                   evaluation::PromptBuilder::Create(prompt_template, std::move(chat), {}));
  evaluation::EvaluationOptions options;
  options.folder = absl::StrCat(run.options.out, "/responses/", setting.name);
  ASSIGN_OR_RETURN(options.settings, EvaluationSettings(run, setting, prompt_template));
  options.progress = [&](const evaluation::Progress& progress) {
    run.progress(setting, {progress.questions, progress.questions_done, progress.questions_before});
  };
  RETURN_IF_ERROR(evaluation::Evaluate(options, run.suite, prompts, run.responder, run.stop).status());

  // The records stand in the order in which they were answered.
  std::map<std::string, evaluation::QuestionRecord> records;
  RETURN_IF_ERROR(evaluation::ReadRecords(absl::StrCat(options.folder, "/", evaluation::kResponsesFile),
                                          [&](evaluation::QuestionRecord record) {
                                            std::string id = record.id;
                                            records[std::move(id)] = std::move(record);
                                            return absl::OkStatus();
                                          })
                      .status());
  std::vector<analysis::Sample> samples;
  for (const evaluation::Benchmark& benchmark : run.suite) {
    for (const evaluation::SuiteQuestion& question : benchmark.questions) {
      for (analysis::Sample& sample : analysis::SamplesOf(records[question.id], setting.name)) {
        samples.push_back(std::move(sample));
      }
    }
  }
  return samples;
}

}  // namespace drover::cli::analyze
