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
#include "programs/model/bench/meter.h"
#include "programs/model/bench/model.h"
#include "programs/model/bench/shapes.h"

namespace drover::model_tool {
namespace {

constexpr uint32_t kCountedSteps = 4;  // of decoding, under the profiler

absl::Status AddGroups(const BenchGenerateOptions& options, uint32_t rows, uint64_t seed,
                       actor::Engine& engine) {
  RandomStream random(seed, RandomPurpose::kQuestions, 0);
  const uint64_t vocabulary = static_cast<uint64_t>(engine.model().config().vocab_size);
  for (uint32_t begin = 0; begin < rows; begin += kBenchGroupSize) {
    actor::GroupRequest request;
    request.id = begin;
    request.group = begin;
    for (uint32_t i = 0; i < options.prompt_tokens; ++i) {
      request.prompt_token_ids.push_back(static_cast<uint32_t>(random.Below(vocabulary)));
    }
    request.sampling.set_group_size(std::min(kBenchGroupSize, rows - begin));
    request.sampling.set_max_tokens(options.tokens);
    request.sampling.set_temperature(1.0);
    request.sampling.set_top_p(1.0);
    request.sampling.set_seed(seed);
    RETURN_IF_ERROR(engine.Add(std::move(request)));
  }
  return absl::OkStatus();
}

struct Round {
  double seconds = 0.0;  // prefill included
  uint64_t tokens = 0;
  double decode_seconds = 0.0;  // of the steps after the first, which reads the prompts
  uint64_t decode_tokens = 0;
  int64_t decode_steps = 0;
  double per_second() const { return static_cast<double>(tokens) / seconds; }
};

absl::StatusOr<double> TimedStep(actor::Engine& engine) {
  const absl::Time start = absl::Now();
  for (const actor::FinishedGroup& group : engine.Step()) RETURN_IF_ERROR(group.status);
  return absl::ToDoubleSeconds(absl::Now() - start);
}

absl::StatusOr<Round> RunRound(const BenchGenerateOptions& options, uint32_t rows, uint64_t seed,
                               actor::Engine& engine) {
  RETURN_IF_ERROR(AddGroups(options, rows, seed, engine));
  const uint64_t before = engine.tokens_sampled();
  Round round;
  ASSIGN_OR_RETURN(round.seconds, TimedStep(engine));
  const uint64_t first = engine.tokens_sampled();
  while (engine.groups() > 0) {
    ASSIGN_OR_RETURN(const double seconds, TimedStep(engine));
    round.decode_seconds += seconds;
    ++round.decode_steps;
  }
  round.seconds += round.decode_seconds;
  round.tokens = engine.tokens_sampled() - before;
  round.decode_tokens = engine.tokens_sampled() - first;
  return round;
}

// Kernels of one decoding step, prompts read before.
absl::StatusOr<std::optional<int64_t>> LaunchesPerStep(const BenchGenerateOptions& options, uint32_t rows,
                                                       actor::Engine& engine) {
  RETURN_IF_ERROR(AddGroups(options, rows, /*seed=*/0, engine));
  RETURN_IF_ERROR(TimedStep(engine).status());
  int64_t steps = 0;
  const std::optional<int64_t> launches = CountLaunches(engine.model().options().device, [&] {
    for (; steps < kCountedSteps && engine.groups() > 0; ++steps) engine.Step();
  });
  for (uint32_t begin = 0; begin < rows; begin += kBenchGroupSize)
    engine.Cancel(begin);  // ids as AddGroups gave them
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
  return static_cast<double>(MatrixElements(model.config()) * element) +
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
  result["share_of_matrix_rate"] = flops / round.decode_seconds / limits.matrix_flops_per_second;
}

absl::StatusOr<nlohmann::ordered_json> Measure(const BenchGenerateOptions& options, uint32_t rows,
                                               const std::optional<DeviceLimits>& limits,
                                               actor::Engine& engine) {
  RETURN_IF_ERROR(RunRound(options, rows, /*seed=*/0, engine).status());
  Round best;
  for (uint64_t repeat = 1; repeat <= options.repeats; ++repeat) {
    ASSIGN_OR_RETURN(const Round round, RunRound(options, rows, repeat, engine));
    if (best.tokens == 0 || round.per_second() > best.per_second()) best = round;
  }
  nlohmann::ordered_json result;
  result["tokens_per_second"] = best.per_second();
  result["seconds"] = best.seconds;
  result["tokens"] = best.tokens;
  result["decode_tokens_per_second"] =
      best.decode_seconds > 0.0 ? static_cast<double>(best.decode_tokens) / best.decode_seconds : 0.0;
  result["rows"] = rows;
  result["prompt_tokens"] = options.prompt_tokens;
  result["shape"] = options.model.dir.empty() ? options.shape : options.model.dir;
  result["dtype"] = options.model.dtype;
  result["device"] = engine.model().options().device.str();
  result["threads"] = at::get_num_threads();
  result["parameters"] = Elements(engine.model());
  ASSIGN_OR_RETURN(const std::optional<int64_t> launches, LaunchesPerStep(options, rows, engine));
  result["launches_per_step"] = launches.has_value() ? nlohmann::ordered_json(*launches) : nullptr;
  result["peak_memory_bytes"] = PeakMemory(engine.model().options().device);
  if (limits.has_value()) AddShares(options, rows, best, *limits, engine.model(), result);
  return result;
}

}  // namespace

absl::Status BenchGenerate(const BenchGenerateOptions& options,
                           const std::function<void(const nlohmann::ordered_json&)>& report) {
  if (options.rows.empty()) return absl::InvalidArgumentError("--rows: no number of rows was given");
  ASSIGN_OR_RETURN(std::unique_ptr<model::Transformer> model, BenchModel(options.model, options.shape));
  std::optional<DeviceLimits> limits;
  if (options.limits) limits = MeasureLimits(model->options().device, model->options().dtype);
  actor::EngineOptions engine_options;
  engine_options.max_batch = *std::max_element(options.rows.begin(), options.rows.end());
  ASSIGN_OR_RETURN(const auto engine,
                   actor::Engine::Create(engine_options, std::move(model), /*tokenizer=*/nullptr,
                                         /*version=*/0));
  for (const uint32_t rows : options.rows) {
    ASSIGN_OR_RETURN(const nlohmann::ordered_json result, Measure(options, rows, limits, *engine));
    report(result);
  }
  return absl::OkStatus();
}

}  // namespace drover::model_tool
