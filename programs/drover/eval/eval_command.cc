#include "programs/drover/eval/eval_command.h"

#include <cstdio>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/address.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/status.h"
#include "base/threads.h"
#include "evaluation/evaluation.h"
#include "model/jinja/chat_template.h"
#include "model/published_path.h"
#include "programs/drover/eval/eval_text.h"
#include "programs/drover/eval/fleet_responder.h"
#include "programs/drover/eval/local_responder.h"
#include "programs/drover/eval/model_digest.h"
#include "programs/drover/programs.h"
#include "programs/drover/report.h"
#include "programs/drover/stop_watch.h"
#include "programs/drover/terminal_progress.h"
#include "programs/process/broken_pipes.h"
#include "services/completions/endpoint.h"

namespace drover::cli {
namespace {

constexpr absl::Duration kLineEvery = absl::Minutes(1);  // of progress, where no terminal shows it

// All that an evaluation is made of, checked before anything is written.
struct Plan {
  std::vector<evaluation::Benchmark> suite;
  evaluation::EvaluationOptions evaluation;
  std::optional<evaluation::PromptBuilder> prompts;
  std::unique_ptr<evaluation::Responder> responder;
};

// Shows how far it is: on a terminal in place, elsewhere a line a minute.
class ProgressScreen {
 public:
  void Show(const evaluation::Progress& progress) {
    last_ = progress;
    ShowText(ProgressText(progress, absl::Now() - begun_));
  }
  void ShowText(const std::string& text) {
    terminal_.Show(text);
    if (terminal_.shows() || absl::Now() < next_line_) return;
    next_line_ = absl::Now() + kLineEvery;
    std::fprintf(stderr, "drover: %s\n", text.c_str());
  }
  void Say(const std::string& text) {
    terminal_.Clear();
    std::fprintf(stderr, "drover: %s\n", text.c_str());
  }
  void Clear() { terminal_.Clear(); }
  const evaluation::Progress& last() const { return last_; }

 private:
  TerminalProgress terminal_;
  const absl::Time begun_ = absl::Now();
  absl::Time next_line_ = begun_ + kLineEvery;
  evaluation::Progress last_;
};

absl::StatusOr<data::PromptTemplate> TemplateOf(const EvalOptions& options) {
  auto prompt_template = data::FindTemplate(options.prompt_template);
  if (!prompt_template.ok()) return Annotate(prompt_template.status(), "--template");
  if (!options.stop.empty()) prompt_template->stop = options.stop;
  if (!options.format.empty()) prompt_template->reward_format = options.format;
  return prompt_template;
}

absl::StatusOr<evaluation::Settings> SettingsOf(const EvalOptions& options) {
  evaluation::Settings settings;
  ASSIGN_OR_RETURN(settings.prompt_template, TemplateOf(options));
  const auto format = verifier::ParseRewardFormat(settings.prompt_template.reward_format);
  if (!format) {
    return absl::InvalidArgumentError(
        absl::StrCat("--format is ", settings.prompt_template.reward_format,
                     ", may be boxed, answer_tag, answer_tag_lenient or plain"));
  }
  settings.grading.format = *format;
  settings.grading.grader = options.grader;
  settings.grading.truncated_is_wrong = options.truncated_is_wrong;
  settings.grading.options.refuse_unevaluated = options.refuse_unevaluated;
  settings.grading.options.rounded_golds = !options.exact_golds;
  settings.grading.options.boxed_lists = options.boxed_lists;
  settings.n = options.n;
  settings.sampling = {.temperature = options.temperature.value_or(options.n == 1 ? 0 : 1),
                       .top_p = options.top_p,
                       .top_k = options.top_k,
                       .min_p = options.min_p,
                       .max_response_tokens = options.max_response_tokens,
                       .stop = settings.prompt_template.stop,
                       .keep_stop = settings.prompt_template.keep_stop,
                       .seed = options.seed};
  if (options.endpoint.empty()) settings.dtype = options.dtype;
  RETURN_IF_ERROR(settings.Validate());
  return settings;
}

FleetModel FleetModelOf(const EvalOptions& options, const evaluation::Settings& settings) {
  return {.model = options.model,
          .device = options.device,
          .dtype = options.dtype,
          .grader = options.grader,
          .format = settings.prompt_template.reward_format};
}

std::unique_ptr<evaluation::Responder> FleetOf(const EvalOptions& options, const Plan& plan,
                                               ProgressScreen& screen) {
  FleetOptions fleet = {.program = ProgramFolder() + "/drover-learner",
                        .listen = options.fleet,
                        .folder = plan.evaluation.folder + "/fleet",
                        .model = FleetModelOf(options, plan.evaluation.settings),
                        .threads = options.threads};
  for (const evaluation::Benchmark& benchmark : plan.suite) {
    for (const evaluation::SuiteQuestion& question : benchmark.questions) {
      fleet.golds[question.id] = question.question.gold;
    }
  }
  fleet.said = [&](const std::string& text) { screen.Say(text); };
  fleet.progress = [&](const FleetOptions::Progress& progress) { screen.ShowText(FleetText(progress)); };
  return std::make_unique<FleetResponder>(std::move(fleet));
}

absl::StatusOr<std::unique_ptr<evaluation::Responder>> ResponderOf(const EvalOptions& options,
                                                                   const Plan& plan, ProgressScreen& screen) {
  if (!options.fleet.empty()) return FleetOf(options, plan, screen);
  if (options.endpoint.empty()) {
    return std::make_unique<LocalResponder>(LocalModelOptions{.program = ProgramFolder() + "/drover-model",
                                                              .model = options.model,
                                                              .device = options.device,
                                                              .dtype = options.dtype,
                                                              .threads = options.threads,
                                                              .max_batch = options.max_batch});
  }
  completions::EndpointOptions endpoint = {.url = options.endpoint,
                                           .model = options.model,
                                           .chat = options.ask_as_chat,
                                           .concurrency = options.concurrency,
                                           .transfer = {.timeout = absl::Seconds(options.request_timeout)}};
  ASSIGN_OR_RETURN(endpoint.transfer.api_key, completions::ApiKeyFrom(options.api_key_env));
  return completions::Endpoint::Create(endpoint);
}

absl::StatusOr<evaluation::PromptBuilder> PromptsOf(const EvalOptions& options,
                                                    evaluation::Settings& settings) {
  std::shared_ptr<const model::jinja::ChatTemplate> chat;
  if (settings.prompt_template.chat && options.endpoint.empty()) {
    auto loaded = model::jinja::ChatTemplate::Load(options.model);
    if (!loaded.ok()) return AsBadInput(Annotate(loaded.status(), "--template chat"));
    chat = std::make_shared<const model::jinja::ChatTemplate>(*std::move(loaded));
  }
  std::vector<evaluation::FewShotExample> examples;
  if (!options.few_shot.empty()) {
    auto read = evaluation::ReadFewShot(options.few_shot);
    if (!read.ok()) return Annotate(read.status(), "--few-shot");
    examples = *std::move(read);
    ASSIGN_OR_RETURN(const std::string text, ReadFile(options.few_shot));
    settings.few_shot = HexDigest(text);
  }
  return evaluation::PromptBuilder::Create(settings.prompt_template, std::move(chat), std::move(examples));
}

std::string DefaultFolder(const std::string& model) {
  std::string name = model.empty() ? "" : model::PublishedPath(model).filename().string();
  if (name.empty()) name = "model";
  return absl::StrCat("runs/eval-", name,
                      absl::FormatTime("-%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone()));
}

// All questions as they are asked: what is wrong with one is said before any is.
absl::StatusOr<std::vector<evaluation::Ask>> Asks(const Plan& plan, uint32_t n) {
  std::vector<evaluation::Ask> asks;
  for (const evaluation::Benchmark& benchmark : plan.suite) {
    for (const evaluation::SuiteQuestion& question : benchmark.questions) {
      ASSIGN_OR_RETURN(asks.emplace_back(), plan.prompts->Build(question, n));
    }
  }
  return asks;
}

absl::Status CheckFleet(const EvalOptions& options, const evaluation::Settings& settings,
                        const std::vector<evaluation::Ask>& asks) {
  if (const auto address = ParseHostPort(options.fleet); !address.ok()) {
    return Annotate(address.status(), "--fleet");
  }
  return AsBadInput(
      FleetRecipe(FleetModelOf(options, settings), "questions.jsonl", asks, settings.sampling).status());
}

absl::StatusOr<Plan> MakePlan(const EvalOptions& options, ProgressScreen& screen) {
  Plan plan;
  ASSIGN_OR_RETURN(
      plan.suite,
      evaluation::LoadSuite(
          {.path = options.suite,
           .names = options.benchmarks,
           .limit = options.limit,
           .keys = {.problem = options.problem_key, .answer = options.answer_key, .chats = true}}));
  ASSIGN_OR_RETURN(evaluation::Settings settings, SettingsOf(options));
  ASSIGN_OR_RETURN(plan.prompts, PromptsOf(options, settings));
  ASSIGN_OR_RETURN(const std::vector<evaluation::Ask> asks, Asks(plan, options.n));
  if (!options.fleet.empty()) RETURN_IF_ERROR(CheckFleet(options, settings, asks));
  if (options.endpoint.empty()) {
    ASSIGN_OR_RETURN(settings.weights, ModelDigest(options.model));
  }
  plan.evaluation.settings = std::move(settings);
  plan.evaluation.folder = options.out.empty() ? DefaultFolder(options.model) : options.out;
  plan.evaluation.grading_threads = ThreadCount({options.grading_threads});
  ASSIGN_OR_RETURN(plan.responder, ResponderOf(options, plan, screen));
  plan.evaluation.settings.model = plan.responder->Describe();
  return plan;
}

int Stopped(const evaluation::Progress& progress, const std::string& folder) {
  return Report(kInterrupted, absl::StrCat("stopped: ", progress.questions_done, " of ", progress.questions,
                                           " questions are answered; the same command with --out ", folder,
                                           " goes on from there"));
}

void Print(const EvalOptions& options, const evaluation::Evaluated& evaluated) {
  if (options.json) {
    const auto json = evaluation::ToJson(evaluated.settings, evaluated.results);
    std::puts(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return;
  }
  std::fputs(ResultsText(evaluated).c_str(), stdout);
  const std::string published = options.no_published ? "" : PublishedText(evaluated);
  if (!published.empty()) std::printf("\n%s", published.c_str());
}

}  // namespace

int Eval(const EvalOptions& options) {
  process::IgnoreBrokenPipes();
  StopWatch watch;
  ProgressScreen screen;
  auto plan = MakePlan(options, screen);
  if (!plan.ok()) return Conclude(plan.status());
  evaluation::EvaluationOptions& evaluation = plan->evaluation;
  evaluation.progress = [&](const evaluation::Progress& progress) { screen.Show(progress); };
  evaluation.notice = [&](const std::string& text) { screen.Say(text); };
  screen.Say(absl::StrCat("responses and results go to ", evaluation.folder));
  const auto evaluated =
      evaluation::Evaluate(evaluation, plan->suite, *plan->prompts, *plan->responder, watch.stop());
  screen.Clear();
  if (absl::IsCancelled(evaluated.status())) return Stopped(screen.last(), evaluation.folder);
  if (!evaluated.ok()) return Conclude(evaluated.status());
  Print(options, *evaluated);
  return kDone;
}

}  // namespace drover::cli
