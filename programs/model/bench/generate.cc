#include "programs/model/bench/generate.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "actor/engine.h"
#include "base/random.h"
#include "base/status.h"
#include "model/weight_shapes.h"
#include "programs/model/bench/meter.h"
#include "programs/model/bench/model.h"
#include "programs/model/bench/prompts.h"
#include "programs/model/bench/shapes.h"

namespace drover::model_tool {
namespace {

constexpr uint32_t kCountedSteps = 4;  // of decoding, under the profiler

using Prompts = std::vector<std::vector<uint32_t>>;

size_t GroupsOf(uint32_t rows) { return (rows + kBenchGroupSize - 1) / kBenchGroupSize; }

// As many as are run at a time.
Prompts RandomPrompts(const BenchGenerateOptions& options, uint32_t rows, uint64_t seed,
                      const actor::Engine& engine) {
  RandomStream random(seed, RandomPurpose::kQuestions, 0);
  const uint64_t vocabulary = static_cast<uint64_t>(engine.model().config().vocab_size);
  Prompts prompts(GroupsOf(rows), std::vector<uint32_t>(options.prompt_tokens));
  for (std::vector<uint32_t>& prompt : prompts) {
    for (uint32_t& token : prompt) token = static_cast<uint32_t>(random.Below(vocabulary));
  }
  return prompts;
}

// The prompts from `first` on, as many as are run at a time or as are left.
absl::Status AddGroups(const BenchGenerateOptions& options, const Prompts& prompts, size_t first,
                       uint32_t rows, uint64_t seed, actor::Engine& engine) {
  for (size_t i = 0; i < GroupsOf(rows) && first + i < prompts.size(); ++i) {
    actor::GroupRequest request;
    request.id = i;
    request.group = first + i;
    request.prompt_token_ids = prompts[first + i];
    request.sampling.set_group_size(
        std::min<uint32_t>(kBenchGroupSize, rows - static_cast<uint32_t>(i) * kBenchGroupSize));
    request.sampling.set_max_tokens(options.tokens);
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
  for (size_t first = 0; first < prompts.size(); first += GroupsOf(rows)) {
    RETURN_IF_ERROR(AddGroups(options, prompts, first, rows, seed, engine));
    RETURN_IF_ERROR(RunGroups(engine, &round));
  }
  round.seconds = round.prefill_seconds + round.decode_seconds;
  round.tokens = engine.tokens_sampled() - before;
  round.drafted_tokens = engine.counts().drafted_tokens - counts.drafted_tokens;
  round.accepted_tokens = engine.counts().accepted_tokens - counts.accepted_tokens;
  return round;
}

// Kernels of one decoding step, prompts read before.
absl::StatusOr<std::optional<int64_t>> LaunchesPerStep(const BenchGenerateOptions& options,
                                                       const Prompts& prompts, uint32_t rows,
                                                       actor::Engine& engine) {
  RETURN_IF_ERROR(AddGroups(options, prompts, /*first=*/0, rows, /*seed=*/0, engine));
  Round unused;
  RETURN_IF_ERROR(ReadPrompts(engine, &unused));
  int64_t steps = 0;
  const std::optional<int64_t> launches = CountLaunches(engine.model().options().device, [&] {
    for (; steps < kCountedSteps && engine.groups() > 0; ++steps) engine.Step();
  });
  for (size_t i = 0; i < GroupsOf(rows); ++i) engine.Cancel(i);  // ids as AddGroups gave them
  if (!launches.has_value() || steps == 0) return std::nullopt;
  return *launches / steps;
}

int64_t Elements(const model::Transformer& model) {
  int64_t elements = 0;
  for (const auto& [name, tensor] : model.weights()) elements += tensor.numel();
  return elements;
}

// Bytes that a decoding step has to read: every matrix once, and the keys and values of all rows, halfway through the
// response.
double BytesPerStep(const BenchGenerateOptions& options, uint32_t rows, const model::Transformer& model) {
  const int64_t element = model.options().dtype == torch::kBFloat16 ? 2 : 4;
  const double context = options.prompt_tokens + options.tokens / 2.0;
  return static_cast<double>(model::CountWeights(model.config()).matrices * element) +
         rows * context * static_cast<double>(CacheBytesPerToken(model.config(), element));
}

void AddShares(const BenchGenerateOptions& options, uint32_t rows, const Round& round,
               const DeviceLimits& limits, const model::Transformer& model, nlohmann::ordered_json& result) {
  result["limits"] = LimitsJson(limits);
  if (round.decode_steps == 0) return;
  const double bytes = BytesPerStep(options, rows, model) * static_cast<double>(round.decode_steps);
  const double flops = ForwardFlops(model.config(), options.prompt_tokens + options.tokens / 2.0) *
                       static_cast<double>(round.decode_tokens);
  result["share_of_copy_bandwidth"] = bytes / round.decode_seconds / limits.copy_bytes_per_second;
  result["share_of_gemm_rate"] = flops / round.decode_seconds / limits.matrix_flops_per_second;
}

// The fastest of the repeats, after a round that does not count. Random prompts are others each time; those of a file are
// answered alike each time.
absl::StatusOr<Round> FastestRound(const BenchGenerateOptions& options, const Prompts& given, uint32_t rows,
                                   actor::Engine& engine) {
  Round best;
  for (uint64_t repeat = 0; repeat <= options.repeats; ++repeat) {
    const uint64_t seed = given.empty() ? repeat : 0;
    const Prompts prompts = given.empty() ? RandomPrompts(options, rows, seed, engine) : given;
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

absl::StatusOr<nlohmann::ordered_json> Measure(const BenchGenerateOptions& options, const Prompts& given,
                                               uint32_t rows, const std::optional<DeviceLimits>& limits,
                                               actor::Engine& engine) {
  ASSIGN_OR_RETURN(const Round best, FastestRound(options, given, rows, engine));
  const Prompts prompts = given.empty() ? RandomPrompts(options, rows, /*seed=*/0, engine) : given;
  nlohmann::ordered_json result;
  result["tokens_per_second"] = best.per_second();
  result["seconds"] = best.seconds;
  result["tokens"] = best.tokens;
  result["decode_tokens_per_second"] =
      best.decode_seconds > 0.0 ? static_cast<double>(best.decode_tokens) / best.decode_seconds : 0.0;
  result["prefill_tokens_per_second"] = static_cast<double>(Tokens(prompts)) / best.prefill_seconds;
  result["first_token_seconds"] = best.first_token_seconds;
  result["rows"] = rows;
  result["prompt_tokens"] = options.prompt_tokens;
  result["speculation"] = options.speculation;
  result["drafted_tokens"] = best.drafted_tokens;
  result["accepted_tokens"] = best.accepted_tokens;
  result["shape"] = options.model.dir.empty() ? options.shape : options.model.dir;
  result["dtype"] = options.model.dtype;
  result["device"] = engine.model().options().device.str();
  result["threads"] = at::get_num_threads();
  result["parameters"] = Elements(engine.model());
  ASSIGN_OR_RETURN(const std::optional<int64_t> launches, LaunchesPerStep(options, prompts, rows, engine));
  result["launches_per_step"] = launches.has_value() ? nlohmann::ordered_json(*launches) : nullptr;
  result["peak_memory_bytes"] = PeakMemory(engine.model().options().device);
  if (limits.has_value()) AddShares(options, rows, best, *limits, engine.model(), result);
  return result;
}

}  // namespace

absl::Status BenchGenerate(const BenchGenerateOptions& wanted,
                           const std::function<void(const nlohmann::ordered_json&)>& report) {
  BenchGenerateOptions options = wanted;
  if (options.rows.empty()) return absl::InvalidArgumentError("--rows: no number of rows was given");
  ASSIGN_OR_RETURN(const Prompts prompts,
                   BenchPrompts(options.model.dir, options.prompts, options.prompt_template));
  if (!prompts.empty()) options.prompt_tokens = static_cast<uint32_t>(Tokens(prompts) / prompts.size());
  ASSIGN_OR_RETURN(std::unique_ptr<model::Transformer> model, BenchModel(options.model, options.shape));
  std::optional<DeviceLimits> limits;
  if (options.limits) limits = MeasureLimits(model->options().device, model->options().dtype);
  actor::EngineOptions engine_options;
  engine_options.max_batch = *std::max_element(options.rows.begin(), options.rows.end());
  engine_options.speculation = options.speculation;
  ASSIGN_OR_RETURN(const auto engine,
                   actor::Engine::Create(engine_options, std::move(model), /*tokenizer=*/nullptr,
                                         /*version=*/0));
  for (const uint32_t rows : options.rows) {
    ASSIGN_OR_RETURN(const nlohmann::ordered_json result, Measure(options, prompts, rows, limits, *engine));
    report(result);
  }
  return absl::OkStatus();
}

}  // namespace drover::model_tool
