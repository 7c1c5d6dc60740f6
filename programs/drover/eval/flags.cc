#include <CLI/CLI.hpp>

#include "programs/drover/eval/eval_command.h"

namespace drover::cli {
namespace {

void AddModelFlags(CLI::App* eval, EvalOptions* options) {
  eval->add_option("--model", options->model,
                   "A Hugging Face directory; with --endpoint the server's name for the model")
      ->required();
  eval->add_option("--endpoint", options->endpoint,
                   "URL of a server with the OpenAI-compatible API, such as http://host:8000/v1");
  eval->add_option("--api-key-env", options->api_key_env,
                   "The environment variable that holds the endpoint's key");
  eval->add_flag("--ask-as-chat", options->ask_as_chat,
                 "Ask the endpoint each prompt as a chat of one message, where it knows chats only");
  eval->add_option("--concurrency", options->concurrency, "Requests to the endpoint at a time")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  eval->add_option("--request-timeout", options->request_timeout,
                   "Seconds of a whole request to the endpoint")
      ->check(CLI::Range(0.001, 86400.0 * 7))
      ->capture_default_str();
  eval->add_option("--fleet", options->fleet,
                   "host:port to listen on: drover-actors that point there answer, graded by their verifiers "
                   "on the way")
      ->excludes("--endpoint");
  eval->add_option("--device", options->device, "auto (CUDA when built in and present), cpu, or cuda:N")
      ->capture_default_str();
  eval->add_option("--dtype", options->dtype, "What weights are rounded to and matrix products run in")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  eval->add_option("--threads", options->threads, "Compute threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  eval->add_option("--max-batch", options->max_batch, "Responses decoded at a time")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
}

void AddQuestionFlags(CLI::App* eval, EvalOptions* options) {
  eval->add_option("--suite", options->suite, "A folder of JSONL files, each a benchmark, or one such file")
      ->required();
  eval->add_option("--benchmarks", options->benchmarks,
                   "Which of them, by their files' names, parted by commas (default: all)")
      ->delimiter(',');
  eval->add_option("--limit", options->limit, "The first N questions of each")->check(CLI::PositiveNumber);
  eval->add_option("--problem-key", options->problem_key,
                   "Where the question stands in a line; nested names joined by dots")
      ->capture_default_str();
  eval->add_option("--answer-key", options->answer_key, "Where the answer stands")->capture_default_str();
  eval->add_option("--template", options->prompt_template,
                   "A shipped template's name, chat (the model's own) or a text with {question}")
      ->capture_default_str();
  eval->add_option(
      "--few-shot", options->few_shot,
      "JSONL file of worked examples before each question: {\"problem\",\"solution\"} or {\"text\"}");
  eval->add_option("--stop", options->stop,
                   "A text that ends a response (default: the template's); may be repeated")
      ->allow_extra_args(false)
      ->take_all();
}

void AddGradingFlags(CLI::App* eval, EvalOptions* options) {
  eval->add_option("--format", options->format,
                   "How the answer stands in a response (default: the template's): boxed, answer_tag, "
                   "answer_tag_lenient or plain");
  eval->add_option("--grader", options->grader, "math, countdown, exact or choice")->capture_default_str();
  eval->add_flag("--refuse-unevaluated", options->refuse_unevaluated,
                 "A right answer that restates the question is wrong, as in training");
  eval->add_flag("--exact-golds", options->exact_golds,
                 "The gold answers' decimals are exact, as in training");
  eval->add_flag("--boxed-lists", options->boxed_lists, "The boxes of the last sentence are a list");
  eval->add_flag("--truncated-is-wrong", options->truncated_is_wrong,
                 "A response that was cut is wrong, as in training (default: graded like any other)");
  eval->add_option("--grading-threads", options->grading_threads, "0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

void AddSamplingFlags(CLI::App* eval, EvalOptions* options) {
  eval->add_option("--n", options->n, "Responses a question")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  eval->add_option("--temperature", options->temperature, "0 is greedy (default: 0 with --n 1, else 1)")
      ->check(CLI::NonNegativeNumber);
  eval->add_option("--top-p", options->top_p, "Only the fewest tokens that have this probability together")
      ->check(CLI::Range(1e-9, 1.0))
      ->capture_default_str();
  eval->add_option("--top-k", options->top_k, "Only so many most probable tokens; 0: all")
      ->capture_default_str();
  eval->add_option("--min-p", options->min_p,
                   "Only tokens at least so many times as likely as the likeliest; 0: all")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  eval->add_option("--max-response-tokens", options->max_response_tokens, "Most tokens of a response")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  eval->add_option("--seed", options->seed, "Everything random follows from it")->capture_default_str();
}

}  // namespace

CLI::App* AddEvalFlags(CLI::App& app, EvalOptions* options) {
  CLI::App* eval = app.add_subcommand("eval", "How a model does on benchmarks: accuracy, pass@k, lengths");
  AddModelFlags(eval, options);
  AddQuestionFlags(eval, options);
  AddGradingFlags(eval, options);
  AddSamplingFlags(eval, options);
  eval->add_option("--out", options->out,
                   "The evaluation's folder; one that was stopped goes on (default: runs/eval-MODEL-TIME)");
  eval->add_flag("--json", options->json, "The results as one JSON object on standard output");
  eval->add_flag("--no-published", options->no_published, "Without the scores that others published");
  return eval;
}

CLI::App* AddCompareFlags(CLI::App& app, CompareRunsOptions* options) {
  CLI::App* compare =
      app.add_subcommand("compare", "Whether one evaluation did better than another, question by question");
  compare->add_option("a", options->a, "An evaluation's folder")->required();
  compare->add_option("b", options->b, "Another's")->required();
  compare->add_flag("--common", options->common,
                    "Compare the questions that both have instead of refusing others");
  compare->add_option("--seed", options->seed, "Of permutations and bootstrap")->capture_default_str();
  compare->add_flag("--json", options->json, "One JSON object on standard output");
  return compare;
}

}  // namespace drover::cli
