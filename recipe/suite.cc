#include "recipe/suite.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "data/prompt_writer.h"

namespace drover::recipe {
namespace {

absl::Status Fits(const data::PromptSourceOptions& options, const std::string& text) {
  if (!options.judge) return absl::OkStatus();
  ASSIGN_OR_RETURN(const data::PromptVerdict verdict, options.judge(text));
  switch (verdict.fit) {
    case data::PromptFit::kFits:
      return absl::OkStatus();
    case data::PromptFit::kTooLong:
      return absl::InvalidArgumentError(absl::StrCat(verdict.why, " (data.max_prompt_tokens)"));
    case data::PromptFit::kUnspelled:
      break;
  }
  return absl::InvalidArgumentError(verdict.why);
}

absl::StatusOr<v1::Prompt> PromptOf(const evaluation::SuiteQuestion& question,
                                    const data::PromptWriter& writer,
                                    const data::PromptSourceOptions& options) {
  if (!writer.prompt_template().chat && !question.question.messages.empty()) {
    return absl::InvalidArgumentError("the question is a chat, which only the template `chat` writes");
  }
  v1::Prompt prompt;
  ASSIGN_OR_RETURN(*prompt.mutable_text(), writer.Write(question.question));
  RETURN_IF_ERROR(Fits(options, prompt.text()));
  prompt.set_index(question.question.index);
  prompt.set_question(question.question.text);
  for (const std::string& gold : question.question.gold) prompt.add_gold(gold);
  return prompt;
}

}  // namespace

absl::StatusOr<data::PromptTemplate> SuiteTemplate(const v1::Recipe& recipe) {
  const std::string& name = recipe.evaluation().suite().template_();
  if (name.empty()) return data::ResolveTemplate(recipe.data());
  auto found = data::FindTemplate(name);
  if (found.ok() && found->chat && recipe.data().template_() != data::kChat) {
    return absl::InvalidArgumentError("got `chat`, may be chat only where data.template is");
  }
  return found;
}

uint32_t SuiteBudget(const v1::Recipe& recipe) {
  const v1::EvaluationSettings& evaluation = recipe.evaluation();
  if (evaluation.suite().max_response_tokens() > 0) return evaluation.suite().max_response_tokens();
  if (evaluation.max_response_tokens() > 0) return evaluation.max_response_tokens();
  return recipe.rollout().max_response_tokens();
}

absl::StatusOr<Suite> LoadSuite(const v1::Recipe& recipe, const data::PromptSourceOptions& options) {
  const v1::SuiteSettings& settings = recipe.evaluation().suite();
  Suite suite;
  if (settings.path().empty()) return suite;
  auto prompt_template = SuiteTemplate(recipe);
  if (!prompt_template.ok()) return Annotate(prompt_template.status(), "evaluation.suite.template");
  suite.prompt_template = *std::move(prompt_template);
  evaluation::SuiteOptions from;
  from.path = settings.path();
  from.names = {settings.benchmarks().begin(), settings.benchmarks().end()};
  if (settings.limit() > 0) from.limit = settings.limit();
  auto benchmarks = evaluation::LoadSuite(from);
  if (!benchmarks.ok()) return Annotate(benchmarks.status(), "evaluation.suite");
  suite.benchmarks = *std::move(benchmarks);
  const data::PromptWriter writer(suite.prompt_template, options.chat);
  for (const evaluation::Benchmark& benchmark : suite.benchmarks) {
    for (const evaluation::SuiteQuestion& question : benchmark.questions) {
      auto prompt = PromptOf(question, writer, options);
      if (!prompt.ok()) {
        return Annotate(prompt.status(), absl::StrCat("evaluation.suite: question ", question.id));
      }
      suite.prompts.push_back(*std::move(prompt));
    }
  }
  return suite;
}

}  // namespace drover::recipe
