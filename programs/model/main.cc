// drover-model: what `drover generate`, `drover score`, `drover serve`, `drover bench generate` and `drover bench train` run (docs/reference/cli.md), and what
// `drover study` asks of the learner's loss.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "base/exceptions.h"
#include "model/large_tensors.h"
#include "programs/model/bench/generate.h"
#include "programs/model/bench/lengths.h"
#include "programs/model/bench/shapes.h"
#include "programs/model/bench/train.h"
#include "programs/model/generate_command.h"
#include "programs/model/generate_ranks.h"
#include "programs/model/score_command.h"
#include "programs/model/serve/serve_command.h"
#include "programs/model/token_weights_command.h"
#include "programs/process/broken_pipes.h"
#include "programs/process/file_limit.h"
#include "programs/process/heap.h"

namespace {

using drover::model_tool::BenchGenerateOptions;
using drover::model_tool::BenchTrainOptions;
using drover::model_tool::GenerateOptions;
using drover::model_tool::OtherRankOptions;
using drover::model_tool::ScoreOptions;
using drover::model_tool::TokenRange;
using drover::model_tool::TokenWeightsOptions;
using drover::model_tool::ToolModelOptions;
using drover::serve::ServeOptions;

constexpr int kDone = 0, kFailure = 1, kBadInput = 2;

CLI::Option* AddModelFlags(CLI::App* command, ToolModelOptions* options) {
  command->add_option("--dtype", options->dtype, "What weights are rounded to and matrix products run in")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  command->add_option("--device", options->device, "auto (CUDA when built in and present), cpu, or cuda:N")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Compute threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  return command->add_option("--model", options->dir, "A Hugging Face directory");
}

void AddSpeculation(CLI::App* command, bool* speculation) {
  command->add_flag("--speculation,!--no-speculation", *speculation,
                    "Guess next tokens where that is faster, on CPUs (default: off); responses are the same");
}

CLI::Option* AddTensorParallel(CLI::App* command, int* processes) {
  return command
      ->add_option("--tensor-parallel", *processes,
                   "Processes on this machine, on GPUs one each, that hold the model together, each with its "
                   "part of every matrix; on CPUs responses are the same")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
}

CLI::App* AddGenerate(CLI::App& app, GenerateOptions* options) {
  CLI::App* command = app.add_subcommand("generate", "Generate responses to the prompts of a file");
  AddModelFlags(command, &options->model)->required();
  command
      ->add_option("--prompts", options->prompts,
                   "Lines {\"id\",\"prompt\"} or {\"id\",\"prompt_token_ids\"}")
      ->required();
  command
      ->add_option("--out", options->out,
                   "Lines {\"id\",\"index\",\"prompt_token_ids\",\"token_ids\",\"text\",\"logprobs\","
                   "\"finish_reason\"}")
      ->required();
  command
      ->add_option("--max-new-tokens", options->max_new_tokens,
                   "Most tokens of a response (default: 256, or what the context leaves)")
      ->check(CLI::PositiveNumber);
  command->add_option("--temperature", options->temperature, "0 is greedy")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--top-p", options->top_p, "Only the fewest tokens that have this probability together")
      ->check(CLI::Range(1e-9, 1.0))
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--top-k", options->top_k, "Only so many most probable tokens; 0: all")
      ->capture_default_str();
  command
      ->add_option("--min-p", options->min_p,
                   "Only tokens at least so many times as probable as the most probable; 0: all")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--n", options->n, "Responses a prompt")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Everything random follows from it")->capture_default_str();
  command
      ->add_option(
          "--template", options->prompt_template,
          "A shipped template's name, chat (the model's own) or a text with {question}; for text prompts")
      ->capture_default_str();
  command->add_flag(
      "--add-special-tokens,!--no-add-special-tokens", options->add_special_tokens,
      "What the tokenizer's post-processor puts around a text, such as <|begin_of_text|> (default); "
      "for text prompts");
  command->add_option("--stop", options->stop, "A text that ends a response; may be repeated")
      ->allow_extra_args(false)
      ->take_all();
  command->add_flag("--keep-stop", options->keep_stop,
                    "The stop text stays in the response (default: as the template says)");
  command->add_option("--max-batch", options->max_batch, "Responses decoded at a time")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command
      ->add_option("--cache-bytes", options->cache_bytes,
                   "Memory for keys and values, never more; 0: enough, up to a quarter of the free memory")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddSpeculation(command, &options->speculation);
  AddTensorParallel(command, &options->tensor_parallel);
  command->add_flag("--unordered", options->unordered,
                    "Write each prompt's responses as soon as they are done, in whatever order");
  command->add_flag("--brief", options->brief,
                    "Lines {\"id\",\"index\",\"text\",\"tokens\",\"finish_reason\"}");
  command->add_flag(
      "--fit-context", options->fit_context,
      "Cut responses where the model's context ends instead of refusing a prompt that is too long");
  command->footer(
      "Example: drover generate --model DIR --prompts in.jsonl --out out.jsonl --template chat --n 4");
  return command;
}

// For `generate --tensor-parallel` alone, which starts it.
CLI::App* AddOtherRank(CLI::App& app, OtherRankOptions* options) {
  CLI::App* command =
      app.add_subcommand("generate-rank", "One of the processes of generate --tensor-parallel");
  command->group("");
  AddModelFlags(command, &options->model)->required();
  command->add_option("--rank", options->rank)->required();
  command->add_option("--ranks", options->ranks)->required();
  command->add_option("--port", options->port)->required();
  return command;
}

CLI::App* AddScore(CLI::App& app, ScoreOptions* options) {
  CLI::App* command = app.add_subcommand("score", "Log-probabilities by the learner's forward path");
  AddModelFlags(command, &options->model)->required();
  command->add_option("--in", options->in, "Lines {\"id\",\"token_ids\"}")->required();
  command->add_option("--out", options->out, "Lines {\"id\",\"logprobs\"}")->required();
  command->add_option("--top", options->top, "Also the K largest logits of the last position")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->footer("Example: drover score --model DIR --in in.jsonl --out out.jsonl --top 5");
  return command;
}

CLI::App* AddTokenWeights(CLI::App& app, TokenWeightsOptions* options) {
  CLI::App* command =
      app.add_subcommand("token-weights", "What a token of graded responses weighs in the learner's loss");
  command
      ->add_option("--in", options->in,
                   "Lines {\"id\",\"rewards\",\"lengths\"}: the groups of one optimizer step")
      ->required();
  command->add_option("--out", options->out, "Lines {\"id\",\"advantages\",\"token_weights\"}")->required();
  command->add_flag("--normalize-std", options->normalize_std,
                    "Divide advantages by the group's standard deviation");
  command->add_flag_callback(
      "--response-length",
      [options] { options->loss.aggregation = drover::learner::Aggregation::kResponseLength; },
      "Divide by the response's length (GRPO), not by the budget (Dr. GRPO)");
  command->add_option("--budget", options->loss.budget, "The generation budget, tokens")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->footer("Example: drover-model token-weights --in groups.jsonl --out weights.jsonl --budget 64");
  return command;
}

// The flags that measurements share: which model, and whether the device is measured, too.
template <typename Options>
void AddBenchFlags(CLI::App* command, Options* options) {
  AddModelFlags(command, &options->model)
      ->description("A Hugging Face directory (default: random weights of --shape)");
  command->add_option("--shape", options->shape, "The shape of a well-known model, for random weights")
      ->check(CLI::IsMember(drover::model_tool::BenchShapeNames()))
      ->capture_default_str();
  command->add_flag(
      "--limits", options->limits,
      "Also say the device's copy bandwidth and matrix rate, measured here, which the shares are of");
  command->add_flag("--json")->description("JSON on standard output (as it is always)");
}

void AddTokenRange(CLI::App* command, const std::string& flag, TokenRange* range, const std::string& help) {
  const auto read = [range, name = flag.substr(0, flag.find(','))](const std::string& text) {
    const auto parsed = drover::model_tool::ParseTokenRange(name, text);
    if (!parsed.ok()) throw CLI::ValidationError(std::string(parsed.status().message()));
    *range = *parsed;
  };
  command->add_option_function<std::string>(flag, read, help)
      ->type_name("N|A..B")
      ->default_str(drover::model_tool::ToString(*range));
}

CLI::App* AddBenchGenerate(CLI::App& bench, BenchGenerateOptions* options) {
  CLI::App* command = bench.add_subcommand("generate", "Tokens a second of the actor's engine");
  AddBenchFlags(command, options);
  command
      ->add_option("--batch,--rows", options->rows,
                   "Responses decoded at a time; several, parted by commas: a line each")
      ->check(CLI::Range(1, 65536))
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--group-size", options->group_size, "Responses in a row that have a prompt in common")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  AddTokenRange(command, "--new-tokens,--tokens", &options->tokens,
                "Tokens a response: N, or A..B to compare lengths spread over a range with as many tokens in "
                "responses of one length");
  command->add_option("--batches", options->batches, "Of a range: responses a round, in times of the --batch")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--prompt-tokens", options->prompt_tokens, "Tokens a prompt")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--prompts", options->prompts,
                      "Lines {\"prompt\"} or {\"prompt_token_ids\"} in place of random tokens; with --model");
  command
      ->add_option(
          "--template", options->prompt_template,
          "Of --prompts: a shipped template's name, chat (the model's own) or a text with {question}")
      ->capture_default_str();
  command->add_option("--temperature", options->temperature, "0 is greedy")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddSpeculation(command, &options->speculation);
  AddTensorParallel(command, &options->tensor_parallel)
      ->description(
          "Processes on this machine that hold the model together, with --threads each; with --model");
  command->add_option("--repeats", options->repeats, "The fastest of so many counts")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->footer(
      "Example: drover bench generate --shape smollm2-135m --dtype bfloat16 --batch 1,8 --new-tokens 64 "
      "--json");
  return command;
}

CLI::App* AddBenchTrain(CLI::App& bench, BenchTrainOptions* options) {
  CLI::App* command = bench.add_subcommand("train", "Optimizer steps of the learner");
  AddBenchFlags(command, options);
  command->add_option("--steps", options->steps, "Optimizer steps that count, after one that does not")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command
      ->add_option("--sequences,--responses", options->sequences,
                   "Responses an optimizer step; a multiple of 8")
      ->check(CLI::Range(8, 65536))
      ->capture_default_str();
  command->add_option("--microbatch", options->microbatch, "Responses a forward and backward pass")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  command->add_option("--prompt-tokens", options->prompt_tokens, "Tokens a prompt")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  AddTokenRange(command, "--response-tokens,--tokens", &options->response_tokens,
                "Tokens a response: N, or A..B for lengths spread over a range");
  command->add_flag("--activation-checkpointing", options->activation_checkpointing,
                    "Compute layers again in the backward pass instead of keeping what they computed");
  command->add_option("--lora-rank", options->lora_rank,
                      "Train adapters of this rank of all linear maps alone; 0: all weights");
  command->footer("Example: drover bench train --sequences 32 --response-tokens 64..256 --steps 3 --json");
  return command;
}

CLI::App* AddServe(CLI::App& app, ServeOptions* options) {
  CLI::App* command = app.add_subcommand("serve", "Serve the OpenAI-compatible HTTP API");
  AddModelFlags(command, &options->model)->required();
  drover::serve::AddServeFlags(*command, *options);
  command->footer("Example: drover serve --model DIR --port 8000");
  return command;
}

absl::Status RunServe(const ServeOptions& options) {
  drover::StopSignal signals;  // before any thread
  drover::process::RaiseFileLimit();
  drover::process::IgnoreBrokenPipes();
  return drover::serve::Serve(options, signals);
}

int Conclude(const absl::Status& status) {
  if (status.ok()) return kDone;
  std::fprintf(stderr, "drover: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? kBadInput : kFailure;
}

void Print(const nlohmann::ordered_json& result) {
  std::puts(result.dump().c_str());
  std::fflush(stdout);  // each measurement as soon as it is there: a later one may not fit into memory
}

// With the learner's memory.
absl::Status RunBenchTrain(const BenchTrainOptions& options) {
  drover::process::GiveLargeBlocksBack();
  drover::model::UseLargeTensorMemory();
  const auto result = drover::model_tool::BenchTrain(options);
  if (result.ok()) Print(*result);
  return result.status();
}

}  // namespace

int main(int argc, char** argv) {
  // "drover" when that became this program: usage and examples then say what was typed.
  CLI::App app{"The actor's engine and the learner's forward path over files.",
               std::filesystem::path(argv[0]).filename().string()};
  app.require_subcommand(1);
  GenerateOptions generate_options;
  OtherRankOptions other_rank_options;
  ScoreOptions score_options;
  TokenWeightsOptions token_weights_options;
  ServeOptions serve_options;
  BenchGenerateOptions bench_generate_options;
  BenchTrainOptions bench_train_options;
  CLI::App* generate = AddGenerate(app, &generate_options);
  CLI::App* other_rank = AddOtherRank(app, &other_rank_options);
  CLI::App* score = AddScore(app, &score_options);
  CLI::App* token_weights = AddTokenWeights(app, &token_weights_options);
  CLI::App* serve = AddServe(app, &serve_options);
  CLI::App* bench = app.add_subcommand("bench", "Measure")->require_subcommand(1);
  CLI::App* bench_generate = AddBenchGenerate(*bench, &bench_generate_options);
  AddBenchTrain(*bench, &bench_train_options);
  bench->footer("Example: drover bench generate --json");  // after the commands, which would take it over
  app.footer("Example: drover-model generate --model DIR --prompts in.jsonl --out out.jsonl");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kBadInput;
  }
  const auto run = [&] {
    if (generate->parsed()) return drover::model_tool::Generate(generate_options);
    if (other_rank->parsed()) return drover::model_tool::RunOtherRank(other_rank_options);
    if (score->parsed()) return drover::model_tool::Score(score_options);
    if (serve->parsed()) return RunServe(serve_options);
    if (token_weights->parsed()) return drover::model_tool::TokenWeights(token_weights_options);
    if (bench_generate->parsed()) return drover::model_tool::BenchGenerate(bench_generate_options, Print);
    return RunBenchTrain(bench_train_options);
  };
  return Conclude(drover::CatchExceptions("drover-model", run));
}
