// drover: the command line (docs/reference/cli.md). Each command is a file of its own; this one only knows their flags.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "programs/drover/analyze/analyze_flags.h"
#include "programs/drover/checkpoint/flags.h"
#include "programs/drover/commands.h"
#include "programs/drover/data/flags.h"
#include "programs/drover/eval/eval_command.h"
#include "programs/drover/overview.h"
#include "programs/drover/report.h"
#include "programs/drover/study/study_command.h"

namespace {

constexpr int kBadInput = 2;

// Remembers which command was chosen; the last one wins, and CLI11 sees to it that there is one.
using Chosen = std::function<int()>;

template <typename Options, typename Run>
void RunWith(CLI::App* command, const std::shared_ptr<Options>& options, Chosen& chosen, Run run) {
  command->callback([options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
}

// The flags of a run on this machine.
void AddRunFlags(CLI::App* train, const std::shared_ptr<drover::cli::TrainOptions>& options) {
  train->add_option("--recipe", options->recipe, "A shipped recipe's name (see 'drover recipes') or a file")
      ->capture_default_str();
  train->add_option("--set", options->overrides, "Override a field: path.to.field=value; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  train->add_option("--out", options->out, "The run folder (default: runs/NAME-TIME)");
  auto* resume = train->add_option("--resume", options->resume,
                                   "Go on with the run in this folder from its newest checkpoint");
  resume->excludes(train->get_option("--recipe"))->excludes(train->get_option("--out"));
  train->add_flag("--quiet", options->quiet, "Print nothing but errors");
  train->add_flag("--json", options->json, "Print the lines of metrics.jsonl, then the summary");
  train->add_option("--log-level", options->log_level, "debug, info, warning or error")
      ->capture_default_str();
}

void AddTrain(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::TrainOptions>();
  CLI::App* train =
      app.add_subcommand("train", "Train a model: starts learner, actors and verifier on this machine");
  AddRunFlags(train, options);
  RunWith(train, options, chosen, drover::cli::Train);
  options = std::make_shared<drover::cli::TrainOptions>();
  options->recipe = "";
  options->supervised = true;
  CLI::App* sft = app.add_subcommand(
      "sft",
      "Supervised training: continual pretraining or fine-tuning on texts, prompts with responses, or chats");
  AddRunFlags(sft, options);
  RunWith(sft, options, chosen, drover::cli::Train);
}

void AddEval(CLI::App& app, Chosen& chosen) {
  auto eval = std::make_shared<drover::cli::EvalOptions>();
  RunWith(drover::cli::AddEvalFlags(app, eval.get()), eval, chosen, drover::cli::Eval);
  auto compare = std::make_shared<drover::cli::CompareRunsOptions>();
  RunWith(drover::cli::AddCompareFlags(app, compare.get()), compare, chosen, drover::cli::CompareRuns);
}

void AddRecipePlan(CLI::App* recipe, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::RecipePlanOptions>();
  CLI::App* plan = recipe->add_subcommand("plan", "How much memory its processes take, and what to change");
  plan->add_option("name", options->recipe, "A shipped recipe's name or a file")->required();
  plan->add_option("--set", options->overrides, "Override a field: path.to.field=value; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  plan->add_option("--device", options->device, "What the processes compute on")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  plan->add_option("--memory", options->memory, "Memory of a device, such as 80GiB")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false));
  plan->add_flag("--json", options->json, "A JSON object");
  plan->footer("Example: drover recipe plan oat-zero-7b --device cuda --memory 80GiB");
  RunWith(plan, options, chosen, drover::cli::PlanRecipe);
}

void AddRecipes(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::RecipeShowOptions>();
  CLI::App* recipes = app.add_subcommand("recipes", "List the recipes that ship");
  recipes->callback([&chosen] { chosen = drover::cli::ListRecipes; });
  CLI::App* recipe = app.add_subcommand("recipe", "Look at one recipe")->require_subcommand(1);
  CLI::App* show = recipe->add_subcommand("show", "Print a recipe with its defaults filled in");
  show->add_option("name", options->recipe, "A shipped recipe's name or a file")->required();
  show->add_option("--set", options->overrides, "Override a field: path.to.field=value; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  show->footer("Example: drover recipe show arithmetic --set run.steps=20");
  RunWith(show, options, chosen, drover::cli::ShowRecipe);
  AddRecipePlan(recipe, chosen);
}

void AddInspect(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::InspectOptions>();
  CLI::App* inspect = app.add_subcommand("inspect", "Look into a run folder")->require_subcommand(1);
  CLI::App* journal = inspect->add_subcommand("journal", "What became of every lease");
  journal->add_option("run", options->run, "The run folder")->required();
  journal->add_flag("--json", options->json, "A JSON object a lease and line");
  journal->footer("Example: drover inspect journal runs/NAME --json");
  RunWith(journal, options, chosen, drover::cli::InspectJournal);
  auto folder = std::make_shared<drover::cli::InspectOptions>();
  CLI::App* run = inspect->add_subcommand("run", "What of it is whole, and what a resume would do");
  run->add_option("run", folder->run, "The run folder")->required();
  run->footer("Example: drover inspect run runs/NAME");
  RunWith(run, folder, chosen, drover::cli::InspectRun);
}

void AddReport(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::report::ReportOptions>();
  CLI::App* report = app.add_subcommand(
      "report",
      "Write the page of one or several runs: curves, samples, timing, comparison, in one HTML file");
  report->add_option("runs", options->runs, "Run folders")->required();
  report->add_option("--out", options->out, "The HTML file; - is standard output")->required();
  report
      ->add_option("--samples-mib", options->samples_mib, "MiB of samples of each run, spread over its steps")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  RunWith(report, options, chosen, drover::cli::WriteReport);
}

void AddDropGroup(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::DropGroupOptions>();
  CLI::App* drop = app.add_subcommand(
      "drop-group", "Have a group of a run that is not running sampled again instead of trained");
  drop->add_option("run", options->run, "The run folder")->required();
  drop->add_option("--lease", options->lease, "The lease that it came by, as in 'drover inspect journal'")
      ->required();
  drop->add_option("--reason", options->reason, "Why, for the journal")->capture_default_str();
  RunWith(drop, options, chosen, drover::cli::DropGroup);
}

void AddStudy(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::StudyOptions>();
  CLI::App* study =
      app.add_subcommand("study", "Repeat a claim about reinforcement learning in small, and judge it");
  study->add_option("name", options->name, "A shipped study ('drover study list'), or a file of one")
      ->required();
  study->add_flag("--quick", options->quick, "Ten minutes instead of two hours: fewer seeds, shorter runs");
  study->add_option("--seeds", options->seeds, "Runs of each arm (default: as the study says)")
      ->check(CLI::Range(2, 1000));
  study->add_option("--model", options->model,
                    "A Hugging Face directory to study instead of the study's small model");
  study->add_option("--out", options->out, "The study's folder; one that was cut off goes on");
  study->add_option("--jobs", options->jobs, "Runs side by side (default: one a core, and one with --model)")
      ->check(CLI::Range(1, 1024));
  study->add_flag("--quiet", options->quiet, "Print nothing but errors");
  RunWith(study, options, chosen, drover::cli::Study);
}

// Conventions that a suite or a training run may have otherwise.
void AddConventions(CLI::App* command, drover::v1::GradingOptions* options) {
  command->add_flag_callback(
      "--refuse-unevaluated", [options] { options->set_refuse_unevaluated(true); },
      "No reward for an answer that restates the question, as in training");
  command->add_flag_callback(
      "--exact-golds", [options] { options->set_rounded_golds(false); },
      "The gold answers' decimals are exact, as in training");
  command->add_flag_callback(
      "--boxed-lists", [options] { options->set_boxed_lists(true); },
      "The boxes of the last sentence are a list");
}

void AddGrade(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::GradeOptions>();
  CLI::App* grade = app.add_subcommand("grade", "Grade answers in a JSONL file");
  grade
      ->add_option("--in", options->in,
                   "Lines {\"id\",\"gold\",\"response\"|\"response_b64\"|\"answer\"}; - is standard input")
      ->required();
  grade
      ->add_option("--out", options->out,
                   "Lines {\"id\",\"reward\",\"extracted\",\"formatted\",\"reason\"}; - is standard output")
      ->required();
  grade->add_option("--format", options->format, "boxed, answer_tag, answer_tag_lenient or plain")
      ->capture_default_str();
  grade->add_option("--grader", options->grader, "For lines that name none: math, countdown, exact or choice")
      ->capture_default_str();
  grade->add_option("--threads", options->threads, "Grading threads; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  grade->add_option(
      "--verifier", options->verifier,
      "host:port of running verifiers, separated by commas, which grade instead of this process");
  AddConventions(grade, &options->options);
  RunWith(grade, options, chosen, drover::cli::Grade);
}

void AddExplainGrade(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::ExplainGradeOptions>();
  CLI::App* explain = app.add_subcommand(
      "explain-grade", "Why a grade is what it is: both readings and the rule that decided");
  explain->add_option("--gold", options->golds, "An acceptable answer; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  explain->add_option("--response", options->response, "A whole response");
  explain->add_option("--answer", options->answer, "The answer itself");
  explain->add_option("--response-file", options->response_file,
                      "A file with a whole response; - is standard input");
  explain->add_option("--in", options->in, "A file that 'drover grade' reads, with --id");
  explain->add_option("--id", options->id, "The line's id");
  explain->add_option("--format", options->format, "boxed, answer_tag, answer_tag_lenient or plain")
      ->capture_default_str();
  explain->add_option("--grader", options->grader, "math, countdown, exact or choice")->capture_default_str();
  explain->add_option("--question", options->question, "What was asked, for --refuse-unevaluated");
  AddConventions(explain, &options->options);
  RunWith(explain, options, chosen, drover::cli::ExplainGrade);
}

void AddText(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::TextOptions>();
  CLI::App* tokenize =
      app.add_subcommand("tokenize", "JSON strings on standard input -> JSON arrays of token ids");
  CLI::App* detokenize =
      app.add_subcommand("detokenize", "JSON arrays of token ids on standard input -> JSON strings");
  for (CLI::App* command : {tokenize, detokenize}) {
    command->add_option("--model", options->model, "A folder with tokenizer.json")->required();
  }
  tokenize->add_flag(
      "--add-special-tokens", options->add_special_tokens,
      "Also what the tokenizer's post-processor puts around a text, such as <|begin_of_text|>");
  RunWith(tokenize, options, chosen, drover::cli::Tokenize);
  RunWith(detokenize, options, chosen, drover::cli::Detokenize);
}

// Commands whose flags are another program's: all that follows `name` is handed over, after `handed`.
void AddSibling(CLI::App& app, Chosen& chosen, const std::string& name, const std::string& help,
                const std::vector<std::string>& handed) {
  CLI::App* command = app.add_subcommand(name, help)->prefix_command();
  command->set_help_flag();
  command->callback([command, handed, &chosen] {
    chosen = [command, handed] {
      std::vector<std::string> arguments(handed.begin() + 1, handed.end());
      for (std::string& argument : command->remaining()) arguments.push_back(std::move(argument));
      return drover::cli::RunSibling(handed[0], arguments);
    };
  });
}

void AddBench(CLI::App& app, Chosen& chosen) {
  CLI::App* bench = app.add_subcommand("bench", "Measure; --json: one JSON object on standard output")
                        ->require_subcommand(1);
  AddSibling(*bench, chosen, "generate", "Tokens a second of the actor's engine", {"bench", "generate"});
  AddSibling(*bench, chosen, "train", "Optimizer steps of the learner", {"bench", "train"});

  auto verify = std::make_shared<drover::cli::BenchVerifyOptions>();
  CLI::App* command = bench->add_subcommand("verify", "The graders on files of cases: verdicts and speed");
  command
      ->add_option(
          "--in", verify->in,
          "Lines as 'drover grade' reads them, perhaps with \"expected\"; several files may be given")
      ->required();
  command->add_option("--format", verify->format, "boxed, answer_tag, answer_tag_lenient or plain")
      ->capture_default_str();
  command
      ->add_option("--seconds", verify->seconds,
                   "Of timing on one thread, and again on all cores; 0: time one round on one thread")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command->add_flag("--kinds", verify->kinds, "Also a table by kind of case");
  command->add_flag("--json", verify->json, "One JSON object instead of text");
  command->footer("Example: drover bench verify --in answers.jsonl --kinds");
  RunWith(command, verify, chosen, drover::cli::BenchVerify);

  auto service = std::make_shared<drover::cli::BenchGradeServiceOptions>();
  command = bench->add_subcommand("grade-service",
                                  "Grades a second through a verifier's server on loopback, and without one");
  command->add_option("--in", service->service.in,
                      "Lines as 'drover grade' reads them (default: generated numbers)");
  command->add_option("--seconds", service->service.seconds, "Of each of the three measurements")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_option("--threads", service->service.threads, "Grading threads; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--callers", service->service.callers, "Unary calls, and then streams, at a time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command->add_option("--batch", service->service.batch, "Requests of a unary call")
      ->check(CLI::Range(1, 16384))
      ->capture_default_str();
  command->add_flag("--json", service->json, "One JSON object instead of text");
  command->footer("Example: drover bench grade-service --seconds 1 --callers 4 --json");
  RunWith(command, service, chosen, drover::cli::BenchGradeService);

  auto tokenize = std::make_shared<drover::cli::BenchTokenizeOptions>();
  command = bench->add_subcommand("tokenize", "A tokenizer on a text, on one thread: encoding and decoding");
  command->add_option("--model", tokenize->text.model, "A folder with tokenizer.json")->required();
  command->add_option("--file", tokenize->text.file, "The text, UTF-8")->required();
  command->add_option("--seconds", tokenize->text.seconds, "Of each of the three measurements")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command->add_flag("--json", tokenize->json, "One JSON object instead of text");
  command->footer("Example: drover bench tokenize --model DIR --file README.md --seconds 1");
  RunWith(command, tokenize, chosen, drover::cli::BenchTokenize);
}

// A command whose output could not be written has failed, however well it went.
int Flushed(int code) {
  std::cout.flush();
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (written || code != drover::cli::kDone) return code;
  return drover::cli::Report(drover::cli::kFailure, "standard output cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Drover trains language models with Dr. GRPO.\nUsually called as ./drover, which also sets up and "
      "builds: ./drover setup [--cuda], ./drover test [--full].",
      "drover"};
  app.require_subcommand(1);
  Chosen chosen;
  AddTrain(app, chosen);
  AddRecipes(app, chosen);
  AddInspect(app, chosen);
  AddDropGroup(app, chosen);
  drover::cli::AddCheckpoint(app, chosen);
  AddReport(app, chosen);
  AddEval(app, chosen);
  AddStudy(app, chosen);
  AddGrade(app, chosen);
  AddExplainGrade(app, chosen);
  AddText(app, chosen);
  AddSibling(app, chosen, "generate",
             "Generate responses to the prompts of a JSONL file with the actor's engine", {"generate"});
  AddSibling(app, chosen, "score", "Log-probabilities of token sequences by the learner's forward path",
             {"score"});
  AddSibling(app, chosen, "serve", "Serve a model to clients of the OpenAI-compatible HTTP API", {"serve"});
  drover::cli::AddData(app, chosen);
  AddBench(app, chosen);
  drover::cli::analyze::AddAnalyze(app, [&chosen](std::function<int()> run) { chosen = std::move(run); });
  AddSibling(app, chosen, "fetch", "Download a model: fetch smollm2", {"fetch"});
  drover::cli::Describe(app);
  app.footer("Example: drover train --recipe arithmetic");  // after the commands, which would take it over
  if (argc == 1) {
    std::fputs(drover::cli::Overview(app).c_str(), stdout);
    return kBadInput;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadInput;
  }
  return Flushed(chosen());
}
