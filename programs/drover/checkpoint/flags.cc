#include "programs/drover/checkpoint/flags.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "programs/drover/checkpoint/commands.h"
#include "programs/drover/checkpoint/export.h"
#include "programs/drover/report.h"

namespace drover::cli {
namespace {

using Chosen = std::function<int()>;

void AddList(CLI::App& checkpoint, Chosen& chosen) {
  auto options = std::make_shared<checkpoint::ListOptions>();
  CLI::App* command = checkpoint.add_subcommand("list", "A run's checkpoints: step, size, state, accuracy");
  command->add_option("run", options->run, "The run folder")->required();
  command->add_flag("--json", options->json, "A JSON object a checkpoint and line");
  command->footer("Example: drover checkpoint list runs/NAME");
  command->callback(
      [options, &chosen] { chosen = [options] { return Conclude(checkpoint::List(*options, std::cout)); }; });
}

void AddVerify(CLI::App& checkpoint, Chosen& chosen) {
  auto options = std::make_shared<checkpoint::VerifyOptions>();
  CLI::App* command =
      checkpoint.add_subcommand("verify", "Reads checkpoints whole and compares every file with its digest");
  command->add_option("paths", options->paths, "Run folders, or folders of one checkpoint")->required();
  command->add_flag("--json", options->json, "A JSON object a checkpoint and line");
  command->footer("Example: drover checkpoint verify runs/NAME");
  command->callback([options, &chosen] {
    chosen = [options] { return Conclude(checkpoint::Verify(*options, std::cout)); };
  });
}

void AddExport(CLI::App& checkpoint, Chosen& chosen) {
  auto options = std::make_shared<checkpoint::ExportOptions>();
  CLI::App* command = checkpoint.add_subcommand(
      "export", "A checkpoint as a plain Hugging Face folder, without the training state");
  command->add_option("path", options->path, "A run folder, or the folder of one checkpoint")->required();
  command->add_option("--out", options->out, "The folder to write; it must be empty or not there")
      ->required();
  command->add_option("--step", options->step, "Of a run: the checkpoint's step (default: the newest)");
  command->add_option("--dtype", options->dtype,
                      "float32, bfloat16 or float16 (default: as the checkpoint's weights are stored)");
  command->add_flag(
      "--merge", options->merge,
      "Of a run with learner.lora: the adapters merged into the model that they adapt (default: the "
      "adapters, as peft loads them)");
  command->add_option("--base", options->base,
                      "With --merge: that model's folder (default: the run's model.path)");
  command->footer("Example: drover checkpoint export runs/NAME --out my-model --dtype bfloat16");
  command->callback([options, &chosen] {
    chosen = [options] { return Conclude(checkpoint::Export(*options, std::cout)); };
  });
}

}  // namespace

void AddCheckpoint(CLI::App& app, Chosen& chosen) {
  CLI::App* command =
      app.add_subcommand("checkpoint", "List, verify and export a run's checkpoints")->require_subcommand(1);
  AddList(*command, chosen);
  AddVerify(*command, chosen);
  AddExport(*command, chosen);
}

}  // namespace drover::cli
