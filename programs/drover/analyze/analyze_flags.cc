#include "programs/drover/analyze/analyze_flags.h"

#include <memory>

#include "programs/drover/analyze/analyze_command.h"
#include "programs/drover/report.h"
#include "programs/drover/stop_watch.h"
#include "programs/process/broken_pipes.h"

namespace drover::cli::analyze {
namespace {

int Run(Kind kind, const AnalyzeOptions& options) {
  process::IgnoreBrokenPipes();
  const StopWatch watch;
  const absl::Status status = RunAnalysis(kind, options, watch.stop());
  if (absl::IsCancelled(status)) {
    return Report(kInterrupted, "stopped; the same command goes on where it was");
  }
  return Conclude(status);
}

const CLI::Range kRequestSeconds(0.001, 86400.0 * 7);

void AddModel(CLI::App* command, AnalyzeOptions* options) {
  command->add_option(
      "--model", options->folders,
      "Hugging Face directories: several are compared, each in a folder of its own below --out");
  ModelOptions* model = &options->model;
  command->add_option("--endpoint", model->endpoint,
                      "Instead, or as one more: the address of a server of the OpenAI-compatible API, as "
                      "http://host:8000/v1");
  command->add_option("--endpoint-model", model->endpoint_model,
                      "The model's name there; a single --model does as well");
  command->add_flag("--endpoint-chat", model->endpoint_chat,
                    "Send prompts as chats of one user message, for servers that know chats only");
  command->add_option("--api-key-env", model->api_key_env,
                      "The environment variable with the endpoint's key");
  command->add_option("--concurrency", model->concurrency, "Requests to the endpoint at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      ->add_option("--request-timeout", model->request_timeout, "Seconds of a whole request to the endpoint")
      ->check(kRequestSeconds)
      ->capture_default_str();
  command->add_option("--device", model->device, "Of --model: auto, cpu, or cuda:N")->capture_default_str();
  command->add_option("--dtype", model->dtype, "Of --model: float32 or bfloat16")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  command->add_option("--threads", model->threads, "Of --model: compute threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--max-batch", model->max_batch, "Of --model: responses decoded at a time")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
}

void AddJudge(CLI::App* command, JudgeOptions* judge) {
  command->add_option("--judge-endpoint", judge->endpoint, "A server whose model judges, too");
  command->add_option("--judge-model", judge->model, "The judge's name there");
  command->add_option("--judge-api-key-env", judge->api_key_env, "The environment variable with its key");
  command->add_option("--judge-concurrency", judge->concurrency, "Requests to the judge at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command
      ->add_option("--judge-request-timeout", judge->request_timeout,
                   "Seconds of a whole request to the judge")
      ->check(kRequestSeconds)
      ->capture_default_str();
  command
      ->add_option("--judge-max-tokens", judge->max_answer_tokens,
                   "Most tokens of its answer, which is one word; more for a model that thinks first")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
}

void AddQuestions(CLI::App* command, AnalyzeOptions* options) {
  command->add_option("--suite", options->suite,
                      "Questions: a folder of JSONL files, each a benchmark, or one file");
  command->add_option("--benchmarks", options->benchmarks, "Of the folder: names, separated by commas")
      ->delimiter(',');
  command->add_option("--limit", options->limit, "The first so many questions of each")
      ->check(CLI::PositiveNumber);
  command
      ->add_option(
          "--template", options->templates,
          "Prompt templates, separated by commas or repeated: shipped ones, chat, or a text with {question}")
      ->allow_extra_args(false)
      ->take_all();
  command->add_option("--temperature", options->temperatures, "Temperatures, separated by commas")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  command->add_option("--n", options->n, "Responses a question")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--top-p", options->top_p, "Only the fewest tokens with this probability together")
      ->check(CLI::Range(1e-9, 1.0))
      ->capture_default_str();
  command->add_option("--top-k", options->top_k, "Only so many most probable tokens; 0: all")
      ->capture_default_str();
  command
      ->add_option("--min-p", options->min_p,
                   "Only tokens at least so many times as likely as the likeliest; 0: all")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--max-response-tokens", options->max_response_tokens, "Most tokens of a response")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of what is random")->capture_default_str();
}

// With --endpoint, --model may name the model there, as in `drover eval`.
void NameEndpointModel(AnalyzeOptions& options) {
  ModelOptions& model = options.model;
  if (model.endpoint.empty() || !model.endpoint_model.empty() || options.folders.size() != 1) return;
  model.endpoint_model = options.folders[0];
  options.folders.clear();
}

// "r1,none" are two templates; a text with {question} is one, whatever is in it.
void SplitTemplates(AnalyzeOptions& options) {
  std::vector<std::string> split;
  for (const std::string& given : options.templates) {
    if (given.find("{question}") != std::string::npos) {
      split.push_back(given);
    } else {
      for (std::string& name : CLI::detail::split(given, ',')) split.push_back(std::move(name));
    }
  }
  options.templates = std::move(split);
}

std::shared_ptr<AnalyzeOptions> AddKind(CLI::App* analyze, Kind kind, const char* help, const char* example,
                                        uint32_t n, const std::function<void(std::function<int()>)>& choose) {
  auto options = std::make_shared<AnalyzeOptions>();
  options->n = n;
  CLI::App* command = analyze->add_subcommand(KindName(kind), help);
  AddModel(command, options.get());
  AddQuestions(command, options.get());
  if (kind != Kind::kExploration) AddJudge(command, &options->judge);
  command
      ->add_option("--out", options->out,
                   "A folder: new, empty, or of the same analysis, which is gone on with")
      ->required();
  command->add_flag("--json", options->json, "Print the results as one JSON object");
  command->footer(std::string("Example: ") + example);
  command->callback([kind, options, choose] {
    SplitTemplates(*options);
    NameEndpointModel(*options);
    choose([kind, options] { return Run(kind, *options); });
  });
  return options;
}

}  // namespace

void AddAnalyze(CLI::App& app, const std::function<void(std::function<int()>)>& choose) {
  CLI::App* analyze =
      app.add_subcommand("analyze", "How a base model answers, explores and reflects: reports with plots")
          ->require_subcommand(1);
  AddKind(analyze, Kind::kAnswering,
          "Which prompt template makes the model answer rather than go on with the text",
          "drover analyze answering --model DIR --suite FOLDER --limit 50 --out answering", 1, choose);
  const auto exploration = AddKind(analyze, Kind::kExploration, "pass@k over temperatures and templates",
                                   "drover analyze exploration --model DIR --suite FOLDER --limit 50 "
                                   "--temperature 0.4,0.8 --out exploration",
                                   8, choose);
  analyze->get_subcommand("exploration")
      ->add_option("--k", exploration->k, "Of pass@k; at most --n")
      ->capture_default_str();
  const auto reflection =
      AddKind(analyze, Kind::kReflection, "Self-reflection: how often, found how, and whether it helps",
              "drover analyze reflection --run runs/NAME --out reflection", 8, choose);
  analyze->get_subcommand("reflection")
      ->add_option("--run", reflection->run,
                   "A run folder: how its samples change over the steps; with --suite, its checkpoints on "
                   "these questions");
}

}  // namespace drover::cli::analyze
