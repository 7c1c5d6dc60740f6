#include "programs/drover/data/flags.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "programs/drover/data/commands.h"
#include "programs/drover/report.h"

namespace drover::cli {
namespace {

using Chosen = std::function<int()>;

template <typename Options>
void RunWith(CLI::App* command, const std::shared_ptr<Options>& options, Chosen& chosen,
             absl::Status (*run)(const Options&)) {
  command->callback([options, &chosen, run] { chosen = [options, run] { return Conclude(run(*options)); }; });
}

std::string FormatHelp() {
  std::string help = "How records are written:";
  for (const data::QuestionFormat& format : data::QuestionFormats()) {
    absl::StrAppend(&help, " ", std::string(format.name),
                    format.name == data::QuestionFormats().back().name ? "" : ",");
  }
  return help;
}

void AddFormat(CLI::App* command, data::QuestionFileOptions* options) {
  command->add_option("--format", options->format, FormatHelp())->capture_default_str();
  command->add_option("--problem-key", options->keys.problem, "Format jsonl: where the question stands")
      ->capture_default_str();
  command->add_option("--answer-key", options->keys.answer, "Format jsonl: where the answer stands")
      ->capture_default_str();
}

void AddInspect(CLI::App& data, Chosen& chosen) {
  auto options = std::make_shared<DataInspectOptions>();
  CLI::App* command =
      data.add_subcommand("inspect", "What is in a question file: counts, lengths, levels, repeats, answers");
  command->add_option("file", options->in.path, "The question file")->required();
  AddFormat(command, &options->in.options);
  command
      ->add_option("--grader", options->grader,
                   "Who must be able to read the answers: math, countdown, exact or choice")
      ->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer("Example: drover data inspect train.jsonl --format gsm8k");
  RunWith(command, options, chosen, InspectData);
}

void AddConvert(CLI::App& data, Chosen& chosen) {
  auto options = std::make_shared<DataConvertOptions>();
  CLI::App* command =
      data.add_subcommand("convert", "A published question file as lines with problem and answer");
  command->add_option("--in", options->in.path, "The question file")->required();
  command->add_option("--out", options->out, "The file to write; - is standard output")->required();
  AddFormat(command, &options->in.options);
  command->add_option("--levels", options->levels, "Only these levels, like 3-5 or 1,3-5");
  command->add_option("--subject", options->subjects, "Only this subject; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  command->add_flag("--unique", options->unique, "Of questions with the same text only the first");
  command->footer(
      "Example: drover data convert --format math --levels 3-5 --in MATH.jsonl --out math-3-5.jsonl");
  RunWith(command, options, chosen, ConvertData);
}

void AddFilter(CLI::App& data, Chosen& chosen) {
  auto options = std::make_shared<DataFilterOptions>();
  CLI::App* command =
      data.add_subcommand("filter", "Keep the questions that a model answers neither always nor never");
  command->add_option("--in", options->in.path, "The question file")->required();
  command
      ->add_option(
          "--graded", options->graded,
          "Graded responses: responses.jsonl of drover eval, or lines of drover grade; several may be given")
      ->required();
  command->add_option("--pass-rate", options->pass_rate, "LOW:HIGH, both included, like 0.1:0.9")->required();
  command
      ->add_option("--out", options->out,
                   "The file to write, each question with its pass_rate; - is standard output")
      ->required();
  AddFormat(command, &options->in.options);
  command->footer(
      "Example: drover data filter --in train.jsonl --graded runs/eval/responses.jsonl --pass-rate 0.1:0.9 "
      "--out kept.jsonl");
  RunWith(command, options, chosen, FilterData);
}

void AddContamination(CLI::App& data, Chosen& chosen) {
  auto options = std::make_shared<DataContaminationOptions>();
  CLI::App* command =
      data.add_subcommand("contamination", "Which questions of evaluation files are in training files");
  command->add_option("--train", options->train, "Training files, FILE or FILE:FORMAT; several may be given")
      ->required();
  command->add_option("--eval", options->eval, "Evaluation files, FILE or FILE:FORMAT; several may be given")
      ->required();
  command
      ->add_option("--words", options->overlap.words, "Of a run that training and evaluation have in common")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      ->add_option("--threshold", options->overlap.threshold,
                   "The share of a question's runs from which it counts")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  AddFormat(command, &options->reading);
  command->add_flag("--json", options->json, "One JSON object, with every question that was found");
  command->footer(
      "Example: drover data contamination --train train.jsonl --eval gsm8k_test.jsonl:gsm8k math500.jsonl");
  RunWith(command, options, chosen, FindContamination);
}

void AddMix(CLI::App& data, Chosen& chosen) {
  auto options = std::make_shared<DataMixOptions>();
  CLI::App* command = data.add_subcommand("mix", "One file of several, in given proportions");
  command->add_option("parts", options->parts, "FILE:WEIGHT or FILE:WEIGHT:FORMAT each")->required();
  command->add_option("--count", options->count, "Questions to write; small files repeat in epochs")
      ->required();
  command->add_option("--seed", options->seed, "Of the order")->capture_default_str();
  command->add_option("--out", options->out, "The file to write; - is standard output")->required();
  AddFormat(command, &options->reading);
  command->footer(
      "Example: drover data mix math.jsonl:0.7:math gsm8k.jsonl:0.3:gsm8k --count 10000 --out mixed.jsonl");
  RunWith(command, options, chosen, MixData);
}

void AddGenerate(CLI::App& data, Chosen& chosen) {
  auto options = std::make_shared<DataGenerateOptions>();
  CLI::App* command = data.add_subcommand(
      "generate", "Questions with worked solutions: arithmetic, countdown or word-problems");
  command->add_option("kind", options->kind, "arithmetic, countdown or word-problems")->required();
  command->add_option("--count", options->count, "Different questions to write")->required();
  command->add_option("--seed", options->seed, "Another seed, other questions")->capture_default_str();
  command
      ->add_option("--set", options->overrides,
                   "A recipe field of data: data.countdown.max_numbers=5; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  command->add_option("--out", options->out, "The file to write; - is standard output")->required();
  command->add_option("--heldout", options->heldout,
                      "A file for questions of the same kind that are never among the others, for any seed");
  command->add_option("--heldout-count", options->heldout_count, "How many of them")->capture_default_str();
  command->footer(
      "Example: drover data generate countdown --count 10000 --seed 1 --out train.jsonl --heldout "
      "test.jsonl");
  RunWith(command, options, chosen, GenerateData);
}

}  // namespace

void AddData(CLI::App& app, Chosen& chosen) {
  CLI::App* data =
      app.add_subcommand("data", "Look at question files, convert, filter, mix and generate them")
          ->require_subcommand(1);
  AddInspect(*data, chosen);
  AddConvert(*data, chosen);
  AddFilter(*data, chosen);
  AddContamination(*data, chosen);
  AddMix(*data, chosen);
  AddGenerate(*data, chosen);
}

}  // namespace drover::cli
