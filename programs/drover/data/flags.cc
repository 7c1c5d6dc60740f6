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

}  // namespace

void AddData(CLI::App& app, Chosen& chosen) {
  CLI::App* data =
      app.add_subcommand("data", "Look at question files, convert, filter, mix and generate them")
          ->require_subcommand(1);
  AddInspect(*data, chosen);
  AddConvert(*data, chosen);
}

}  // namespace drover::cli
