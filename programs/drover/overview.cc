#include "programs/drover/overview.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace drover::cli {
namespace {

struct Description {
  const char* command;
  const char* group;
  const char* example;
};
constexpr Description kDescriptions[] = {
    {"train", "Training", "drover train --recipe arithmetic --set run.steps=20"},
    {"sft", "Training", "drover sft --recipe sft-smollm2-asdiv"},
    {"recipes", "Training", "drover recipes"},
    {"recipe", "Training", "drover recipe plan oat-zero-7b --memory 80GiB"},
    {"inspect", "Training", "drover inspect run runs/NAME"},
    {"drop-group", "Training", "drover drop-group runs/NAME --lease 17"},
    {"checkpoint", "Training", "drover checkpoint list runs/NAME"},
    {"report", "Training", "drover report runs/NAME --out report.html"},
    {"fetch", "Models and texts", "drover fetch smollm2"},
    {"generate", "Models and texts", "drover generate --model DIR --prompts in.jsonl --out out.jsonl"},
    {"score", "Models and texts", "drover score --model DIR --in in.jsonl --out out.jsonl"},
    {"serve", "Models and texts", "drover serve --model DIR --port 8000"},
    {"tokenize", "Models and texts", "echo '\"1+1=\"' | drover tokenize --model DIR"},
    {"detokenize", "Models and texts", "echo '[3, 12, 3]' | drover detokenize --model DIR"},
    {"data", "Questions", "drover data inspect train.jsonl --format gsm8k"},
    {"eval", "Measuring a model",
     "drover eval --model DIR --suite ../shared/data/eval --benchmarks amc,math500 --template qwen_math"},
    {"compare", "Measuring a model", "drover compare runs/eval-base runs/eval-trained"},
    {"grade", "Grading", "drover grade --in answers.jsonl --out grades.jsonl"},
    {"explain-grade", "Grading", "drover explain-grade --gold 1/2 --answer 0.5"},
    {"analyze", "Measuring a model", "drover analyze answering --model DIR --suite FOLDER --out answering"},
    {"study", "Measuring", "drover study length-bias --quick --out studies/length-bias"},
    {"bench", "Measuring", "drover bench generate --json"},
};

}  // namespace

void Describe(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (const Description& description : kDescriptions) {
      if (command->get_name() != description.command) continue;
      command->group(description.group);
      command->footer(absl::StrCat("Example: ", description.example));
    }
  }
}

std::string Overview(const CLI::App& app) {
  const std::vector<const CLI::App*> commands = app.get_subcommands([](const CLI::App*) { return true; });
  std::vector<std::string> groups;
  size_t width = 0;
  for (const CLI::App* command : commands) {
    width = std::max(width, command->get_name().size());
    if (std::count(groups.begin(), groups.end(), command->get_group()) == 0) {
      groups.push_back(command->get_group());
    }
  }
  std::string text;
  for (const std::string& group : groups) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", group, ":\n");
    for (const CLI::App* command : commands) {
      if (command->get_group() != group) continue;
      absl::StrAppendFormat(&text, "  %-*s  %s\n", static_cast<int>(width), command->get_name(),
                            command->get_description());
      if (!command->get_footer().empty()) {
        absl::StrAppendFormat(&text, "  %-*s    %s\n", static_cast<int>(width), "", command->get_footer());
      }
    }
  }
  return absl::StrCat(text, "\ndrover COMMAND --help says more.\n");
}

}  // namespace drover::cli
