#include "programs/model/bench/generate.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "actor/engine.h"
#include "base/exceptions.h"
#include "base/status.h"
#include "model/weight_shapes.h"
#include "programs/model/bench/linear_meter.h"
#include "programs/model/bench/median.h"
#include "programs/model/bench/meter.h"
#include "programs/model/bench/model.h"
#include "programs/model/bench/prompts.h"
#include "programs/model/bench/shapes.h"
#include "programs/model/bench/unlike_lengths.h"
#include "programs/model/generate_ranks.h"
#include "statistics/moments.h"

namespace drover::model_tool {
namespace {

constexpr uint32_t kProfiledSteps = 4;  // of decoding, on a GPU
constexpr uint32_t kMeteredSteps = 32;  // on a CPU

using Prompts = std::vector<std::vector<uint32_t>>;
using Json = nlohmann::ordered_json;

size_t GroupsOf(const BenchGenerateOptions& options, uint32_t rows) {
  return (rows + options.group_size - 1) / options.group_size;
}

// Those of a file, or as many random ones as `responses` have.
Prompts PromptsFor(const BenchGenerateOptions& options, const Prompts& given, uint32_t responses,
                   uint64_t seed, const actor::Engine& engine) {
  if (!given.empty()) return given;
  return RandomPrompts(GroupsOf(options, responses), options.prompt_tokens,
                       engine.model().config().vocab_size, seed);
}

// The prompts from `first` on, as many as are run at a time or as are left.
absl::Status AddGroups(const BenchGenerateOptions& options, const Prompts& prompts, size_t first,
                       uint32_t rows, uint64_t seed, actor::Engine& engine) {
  for (size_t i = 0; i < GroupsOf(options, rows) && first + i < prompts.size(); ++i) {
    actor::GroupRequest request;
    request.id = i;
    request.group = first + i;
    request.prompt_token_ids = prompts[first + i];
    request.sampling.set_group_size(
        std::min<uint32_t>(options.group_size, rows - static_cast<uint32_t>(i) * options.group_size));
    if (options.prompts.empty()) request.lengths.assign(request.sampling.group_size(), options.tokens.most);
    request.sampling.set_max_tokens(options.tokens.most);
    request.sampling.set_temperature(options.temperature);
    request.sampling.set_top_p(1.0);
    request.sampling.set_seed(seed);
    RETURN_IF_ERROR(engine.Add(std::move(request)));
  }
  return absl::OkStatus();
}

struct Round {
  double seconds = 0.0;  // prefill included
  uint64_t tokens = 0;
  double first_token_seconds = 0.0;
  double prefill_seconds = 0.0;  // until every response has begun; some of its steps sample tokens, too
  double decode_seconds = 0.0;   // of the steps after those that read the prompts
  uint64_t decode_tokens = 0;
  int64_t decode_steps = 0;
  uint64_t drafted_tokens = 0, accepted_tokens = 0;  // guesses, and those that were right
  double per_second() const { return static_cast<double>(tokens) / seconds; }
};

absl::StatusOr<double> TimedStep(actor::Engine& engine) {
  const absl::Time start = absl::Now();
  for (const actor::FinishedGroup& group : engine.Step()) RETURN_IF_ERROR(group.status);
  return absl::ToDoubleSeconds(absl::Now() - start);
}

// Until every response has begun.
absl::Status ReadPrompts(actor::Engine& engine, Round* round) {
  const uint64_t before = engine.tokens_sampled();
  while (engine.queued() > 0) {
    ASSIGN_OR_RETURN(const double seconds, TimedStep(engine));
    round->prefill_seconds += seconds;
    if (round->first_token_seconds == 0.0 && engine.tokens_sampled() > before) {
      round->first_token_seconds = round->prefill_seconds;
    }
  }
  return absl::OkStatus();
}

absl::Status RunGroups(actor::Engine& engine, Round* round) {
  RETURN_IF_ERROR(ReadPrompts(engine, round));
  const uint64_t first = engine.tokens_sampled();
  while (engine.groups() > 0) {
    ASSIGN_OR_RETURN(const double seconds, TimedStep(engine));
    round->decode_seconds += seconds;
    ++round->decode_steps;
  }
  round->decode_tokens += engine.tokens_sampled() - first;
  return absl::OkStatus();
}

absl::StatusOr<Round> RunRound(const BenchGenerateOptions& options, const Prompts& prompts, uint32_t rows,
                               uint64_t seed, actor::Engine& engine) {
  const uint64_t before = engine.tokens_sampled();
  const actor::GeneratorCounts counts = engine.counts();
  Round round;
  for (size_t first = 0; first < prompts.size(); first += GroupsOf(options, rows)) {
    RETURN_IF_ERROR(AddGroups(options, prompts, first, rows, seed, engine));
    RETURN_IF_ERROR(RunGroups(engine, &round));
  }
  round.seconds = round.prefill_seconds + round.decode_seconds;
  round.tokens = engine.tokens_sampled() - before;
  round.drafted_tokens = engine.counts().drafted_tokens - counts.drafted_tokens;
  round.accepted_tokens = engine.counts().accepted_tokens - counts.accepted_tokens;
  return round;
}

// Of some decoding steps that are looked at closely, and so in no other number.
struct CountedSteps {
  int64_t steps = 0;
  double seconds = 0.0;
  std::optional<int64_t> launches;  // kernels
  double linear_seconds = 0.0;      // in the linear layers; 0 on a GPU
  double linear_flops = 0.0;
};

absl::StatusOr<CountedSteps> CountSteps(const BenchGenerateOptions& options, const Prompts& prompts,
                                        uint32_t rows, actor::Engine& engine) {
  RETURN_IF_ERROR(AddGroups(options, prompts, /*first=*/0, rows, /*seed=*/0, engine));
  Round unused;
  RETURN_IF_ERROR(ReadPrompts(engine, &unused));
  const torch::Device device = engine.model().options().device;
  const uint32_t most = device.is_cpu() ? kMeteredSteps : kProfiledSteps;
  CountedSteps counted;
  absl::Status status;
  const LinearMeter linear;
  counted.launches = CountLaunches(device, [&] {
    for (; status.ok() && counted.steps < most && engine.groups() > 0; ++counted.steps) {
      const absl::StatusOr<double> seconds = TimedStep(engine);
      status = seconds.status();
      counted.seconds += seconds.value_or(0.0);
    }
  });
  for (size_t i = 0; i < GroupsOf(options, rows); ++i) engine.Cancel(i);  // ids as AddGroups gave them
  counted.linear_seconds = linear.seconds();
  counted.linear_flops = linear.flops();
  return status.ok() ? absl::StatusOr<CountedSteps>(counted) : status;
}

int64_t Elements(const model::Transformer& model) {
  int64_t elements = 0;
  for (const auto& [name, tensor] : model.weights()) elements += tensor.numel();
  return elements;
}

// Bytes that a decoding step has to read: every matrix once, and the keys and values of all rows, halfway through the
// response. Of several processes each reads its part.
double BytesPerStep(const BenchGenerateOptions& options, uint32_t rows, const model::Transformer& model) {
  const int64_t element = model.options().dtype == torch::kBFloat16 ? 2 : 4;
  const double context = options.prompt_tokens + options.tokens.most / 2.0;
  const double bytes = static_cast<double>(model::CountWeights(model.config()).matrices * element) +
                       rows * context * static_cast<double>(CacheBytesPerToken(model.config(), element));
  return bytes / options.tensor_parallel;
}

void AddShares(const BenchGenerateOptions& options, uint32_t rows, const Round& round,
               const DeviceLimits& limits, const model::Transformer& model, Json& result) {
  if (options.limits) result["limits"] = LimitsJson(limits);
  if (round.decode_steps == 0) return;
  const double bytes = BytesPerStep(options, rows, model) * static_cast<double>(round.decode_steps);
  const double flops = ForwardFlops(model.config(), options.prompt_tokens + options.tokens.most / 2.0) *
                       static_cast<double>(round.decode_tokens) / options.tensor_parallel;
  result["share_of_copy_bandwidth"] = bytes / round.decode_seconds / limits.copy_bytes_per_second;
  result["share_of_gemm_rate"] = flops / round.decode_seconds / limits.matrix_flops_per_second;
}

// What the linear layers alone take and reach while decoding; null where they were not seen.
void AddLinearShares(const CountedSteps& counted, const DeviceLimits& limits, Json& result) {
  const bool seen = counted.linear_seconds > 0.0;
  result["linear_seconds_share"] = seen ? Json(counted.linear_seconds / counted.seconds) : nullptr;
  result["linear_share_of_gemm_rate"] =
      seen ? Json(counted.linear_flops / counted.linear_seconds / limits.matrix_flops_per_second) : nullptr;
}

// The fastest of the repeats, after a round that does not count. Random prompts are others each time; those of a file are
// answered alike each time.
absl::StatusOr<Round> FastestRound(const BenchGenerateOptions& options, const Prompts& given, uint32_t rows,
                                   actor::Engine& engine) {
  Round best;
  for (uint64_t repeat = 0; repeat <= options.repeats; ++repeat) {
    const uint64_t seed = given.empty() ? repeat : 0;
    const Prompts prompts = PromptsFor(options, given, rows, seed, engine);
    ASSIGN_OR_RETURN(const Round round, RunRound(options, prompts, rows, seed, engine));
    if (repeat > 0 && (best.tokens == 0 || round.per_second() > best.per_second())) best = round;
  }
  return best;
}

size_t Tokens(const Prompts& prompts) {
  size_t tokens = 0;
  for (const std::vector<uint32_t>& prompt : prompts) tokens += prompt.size();
  return tokens;
}

// What is measured, as every object says it.
void Describe(const BenchGenerateOptions& options, uint32_t rows, const actor::Engine& engine, Json& result) {
  result["rows"] = rows;
  result["group_size"] = options.group_size;
  result["prompt_tokens"] = options.prompt_tokens;
  result["new_tokens"] = ToString(options.tokens);
  result["speculation"] = options.speculation;
  result["tensor_parallel"] = options.tensor_parallel;
  result["shape"] = options.model.dir.empty() ? options.shape : options.model.dir;
  result["dtype"] = options.model.dtype;
  result["device"] = engine.model().options().device.str();
  result["threads"] = at::get_num_threads();
  result["parameters"] = Elements(engine.model());
}

absl::StatusOr<Json> Measure(const BenchGenerateOptions& options, const Prompts& given, uint32_t rows,
                             const DeviceLimits& limits, actor::Engine& engine) {
  ResetPeakMemory(engine.model().options().device);
  ASSIGN_OR_RETURN(const Round best, FastestRound(options, given, rows, engine));
  const Prompts prompts = PromptsFor(options, given, rows, /*seed=*/0, engine);
  Json result;
  result["tokens_per_second"] = best.per_second();
  result["seconds"] = best.seconds;
  result["tokens"] = best.tokens;
  result["decode_tokens_per_second"] =
      best.decode_seconds > 0.0 ? static_cast<double>(best.decode_tokens) / best.decode_seconds : 0.0;
  result["prefill_tokens_per_second"] = static_cast<double>(Tokens(prompts)) / best.prefill_seconds;
  result["first_token_seconds"] = best.first_token_seconds;
  result["drafted_tokens"] = best.drafted_tokens;
  result["accepted_tokens"] = best.accepted_tokens;
  Describe(options, rows, engine, result);
  result["peak_memory_bytes"] = PeakMemory(engine.model().options().device);
  ASSIGN_OR_RETURN(const CountedSteps counted, CountSteps(options, prompts, rows, engine));
  result["launches_per_step"] =
      counted.launches.has_value() && counted.steps > 0 ? Json(*counted.launches / counted.steps) : nullptr;
  AddShares(options, rows, best, limits, engine.model(), result);
  AddLinearShares(counted, limits, result);
  return result;
}

// Of unlike lengths: a round of responses of one length and one of theirs, in turn. Medians over the repeats, after one batch
// that does not count.
absl::StatusOr<Json> MeasureUnlike(const BenchGenerateOptions& options, const Prompts& given, uint32_t rows,
                                   actor::Engine& engine) {
  ResetPeakMemory(engine.model().options().device);
  UnlikeWork work = {.tokens = options.tokens,
                     .rows = rows,
                     .batches = 1,
                     .group_size = options.group_size,
                     .temperature = options.temperature};
  work.prompts = PromptsFor(options, given, work.responses(), /*seed=*/0, engine);
  RETURN_IF_ERROR(RunUnlike(work, EvenLengths(work), engine).status());
  work.batches = options.batches;
  std::vector<UnlikeRound> even, unlike;
  std::vector<double> shares;
  for (uint64_t repeat = 1; repeat <= options.repeats; ++repeat) {
    // Other prompts for each, of which nothing is in memory yet.
    work.seed = 2 * repeat - 1;
    work.prompts = PromptsFor(options, given, work.responses(), work.seed, engine);
    ASSIGN_OR_RETURN(even.emplace_back(), RunUnlike(work, EvenLengths(work), engine));
    ++work.seed;
    work.prompts = PromptsFor(options, given, work.responses(), work.seed, engine);
    ASSIGN_OR_RETURN(unlike.emplace_back(), RunUnlike(work, UnlikeLengths(work), engine));
    shares.push_back(unlike.back().per_second() / even.back().per_second());
  }
  Json result;
  result["tokens_per_second"] = MedianOf(unlike, &UnlikeRound::per_second);
  result["even_tokens_per_second"] = MedianOf(even, &UnlikeRound::per_second);
  result["share_of_even"] = statistics::Median(shares);
  result["tokens_per_step"] = MedianOf(unlike, &UnlikeRound::per_step);
  result["even_tokens_per_step"] = MedianOf(even, &UnlikeRound::per_step);
  result["tokens"] = unlike.back().tokens;
  result["responses"] = work.responses();
  Describe(options, rows, engine, result);
  result["peak_memory_bytes"] = PeakMemory(engine.model().options().device);
  return result;
}

// With the ranks joined, or alone.
absl::Status MeasureAll(const BenchGenerateOptions& options, const Prompts& prompts, actor::ActorRanks* ranks,
                        const std::function<void(const Json&)>& report) {
  ASSIGN_OR_RETURN(std::unique_ptr<model::Transformer> model,
                   BenchModel(options.model, options.shape, ranks));
  DeviceLimits limits;
  if (options.tokens.is_one()) limits = MeasureLimits(model->options().device, model->options().dtype);
  actor::EngineOptions engine_options;
  engine_options.ranks = ranks;
  engine_options.max_batch = *std::max_element(options.rows.begin(), options.rows.end());
  const auto waiting = static_cast<uint32_t>(engine_options.max_batch) * options.batches;
  engine_options.max_queued =
      std::max(engine_options.max_queued, static_cast<int64_t>(GroupsOf(options, waiting)));
  engine_options.speculation = options.speculation;
  ASSIGN_OR_RETURN(const auto engine,
                   actor::Engine::Create(engine_options, std::move(model), /*tokenizer=*/nullptr,
                                         /*version=*/0));
  for (const uint32_t rows : options.rows) {
    ASSIGN_OR_RETURN(const Json result, options.tokens.is_one()
                                            ? Measure(options, prompts, rows, limits, *engine)
                                            : MeasureUnlike(options, prompts, rows, *engine));
    report(result);
  }
  return absl::OkStatus();
}

// The other processes, with as many threads each as this one.
absl::StatusOr<std::unique_ptr<GenerateRanks>> StartRanks(BenchGenerateOptions* options) {
  if (options->model.dir.empty()) {
    return absl::InvalidArgumentError(
        "--tensor-parallel: needs a --model, of which each process loads its part");
  }
  options->model.threads = ThreadsOfRank(options->model.threads, options->tensor_parallel);
  return GenerateRanks::Start(options->model, options->tensor_parallel);
}

}  // namespace

absl::Status BenchGenerate(const BenchGenerateOptions& wanted,
                           const std::function<void(const Json&)>& report) {
  BenchGenerateOptions options = wanted;
  if (options.rows.empty()) return absl::InvalidArgumentError("--rows: no number of rows was given");
  if (!options.tokens.is_one() && options.rows.size() > 1) {
    return absl::InvalidArgumentError(
        "--batch: several numbers of rows were given, --new-tokens of a range takes one");
  }
  ASSIGN_OR_RETURN(const Prompts prompts,
                   BenchPrompts(options.model.dir, options.prompts, options.prompt_template));
  if (!prompts.empty()) options.prompt_tokens = static_cast<uint32_t>(Tokens(prompts) / prompts.size());
  std::unique_ptr<GenerateRanks> ranks;  // outlives the engine
  if (options.tensor_parallel > 1) {
    ASSIGN_OR_RETURN(ranks, StartRanks(&options));
  }
  actor::ActorRanks* const group = ranks == nullptr ? nullptr : ranks->group();
  const absl::Status done =
      CatchExceptions("generation", [&] { return MeasureAll(options, prompts, group, report); });
  return done.ok() || ranks == nullptr ? done : ranks->Explain(done);
}

}  // namespace drover::model_tool
