// drover: the command line (docs/reference/cli.md). Each command is a file of its own; this one only knows their flags.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "services/cli/commands.h"

namespace {

constexpr int kBadInput = 2;

// Remembers which command was chosen; the last one wins, and CLI11 sees to it that there is one.
using Chosen = std::function<int()>;

template <typename Options, typename Run>
void RunWith(CLI::App* command, const std::shared_ptr<Options>& options, Chosen& chosen, Run run) {
  command->callback([options, &chosen, run] { chosen = [options, run] { return run(*options); }; });
}

void AddTrain(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::TrainOptions>();
  CLI::App* train =
      app.add_subcommand("train", "Train a model: starts learner, actors and verifier on this machine");
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
  RunWith(train, options, chosen, drover::cli::Train);
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
  RunWith(show, options, chosen, drover::cli::ShowRecipe);
}

void AddInspect(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::InspectOptions>();
  CLI::App* inspect = app.add_subcommand("inspect", "Look into a run folder")->require_subcommand(1);
  CLI::App* journal = inspect->add_subcommand("journal", "What became of every lease");
  journal->add_option("run", options->run, "The run folder")->required();
  journal->add_flag("--json", options->json, "A JSON object a lease and line");
  RunWith(journal, options, chosen, drover::cli::InspectJournal);
}

void AddGrade(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<drover::cli::GradeOptions>();
  CLI::App* grade = app.add_subcommand("grade", "Grade answers in a JSONL file");
  grade->add_option("--in", options->in, "Lines {\"id\",\"gold\",\"response\"|\"response_b64\"|\"answer\"}")
      ->required();
  grade->add_option("--out", options->out, "Lines {\"id\",\"reward\",\"extracted\",\"formatted\",\"reason\"}")
      ->required();
  grade->add_option("--format", options->format, "boxed, answer_tag, answer_tag_lenient or plain")
      ->capture_default_str();
  RunWith(grade, options, chosen, drover::cli::Grade);
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
  RunWith(tokenize, options, chosen, drover::cli::Tokenize);
  RunWith(detokenize, options, chosen, drover::cli::Detokenize);
}

// Commands whose flags are another program's: all that follows is handed over.
void AddSibling(CLI::App& app, Chosen& chosen, const char* name, const char* help) {
  CLI::App* command = app.add_subcommand(name, help)->prefix_command();
  command->set_help_flag();
  command->callback([command, name, &chosen] {
    chosen = [command, name] { return drover::cli::RunSibling(name, command->remaining()); };
  });
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
  AddGrade(app, chosen);
  AddText(app, chosen);
  AddSibling(app, chosen, "generate",
             "Generate responses to the prompts of a JSONL file with the actor's engine");
  AddSibling(app, chosen, "score", "Log-probabilities of token sequences by the learner's forward path");
  AddSibling(app, chosen, "bench", "Measure: bench WHAT ... --json");
  AddSibling(app, chosen, "fetch", "Download a model: fetch smollm2");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadInput;
  }
  return chosen();
}
