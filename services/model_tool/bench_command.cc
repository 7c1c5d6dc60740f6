#include "services/model_tool/bench_command.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "actor/engine.h"
#include "base/random.h"
#include "base/status.h"

namespace drover::model_tool {
namespace {

constexpr uint32_t kGroupSize = 8;

// The shape of recipes/arithmetic.textproto's model.
model::ModelConfig EmbeddedShape() {
  model::ModelConfig config;
  config.vocab_size = 22;
  config.hidden_size = 96;
  config.intermediate_size = 256;
  config.num_layers = 3;
  config.num_heads = 4;
  config.num_kv_heads = 4;
  config.head_dim = 24;
  config.max_positions = 256;
  config.tie_word_embeddings = true;
  return config;
}

absl::StatusOr<std::unique_ptr<model::Transformer>> BenchModel(const ToolModelOptions& options) {
  if (options.dir.empty()) {
    ASSIGN_OR_RETURN(const model::TransformerOptions resolved, ResolveOptions(options));
    return model::Transformer::Create(EmbeddedShape(), resolved, /*seed=*/1, /*init_std=*/0.02);
  }
  ASSIGN_OR_RETURN(ToolModel model, LoadToolModel(options));
  return std::move(model.transformer);
}

absl::Status AddGroups(const BenchGenerateOptions& options, uint64_t seed, actor::Engine& engine) {
  RandomStream random(seed, RandomPurpose::kQuestions, 0);
  const uint64_t vocabulary = static_cast<uint64_t>(engine.model().config().vocab_size);
  for (uint32_t begin = 0; begin < options.rows; begin += kGroupSize) {
    actor::GroupRequest request;
    request.id = begin;
    request.group = begin;
    for (uint32_t i = 0; i < options.prompt_tokens; ++i) {
      request.prompt_token_ids.push_back(static_cast<uint32_t>(random.Below(vocabulary)));
    }
    request.sampling.set_group_size(std::min(kGroupSize, options.rows - begin));
    request.sampling.set_max_tokens(options.tokens);
    request.sampling.set_temperature(1.0);
    request.sampling.set_top_p(1.0);
    request.sampling.set_seed(seed);
    RETURN_IF_ERROR(engine.Add(std::move(request)));
  }
  return absl::OkStatus();
}

struct Round {
  double seconds = 0.0;
  uint64_t tokens = 0;
  double per_second() const { return static_cast<double>(tokens) / seconds; }
};

absl::StatusOr<Round> RunRound(const BenchGenerateOptions& options, uint64_t seed, actor::Engine& engine) {
  RETURN_IF_ERROR(AddGroups(options, seed, engine));
  const uint64_t before = engine.tokens_sampled();
  const absl::Time start = absl::Now();
  while (engine.groups() > 0) {
    for (const actor::FinishedGroup& group : engine.Step()) RETURN_IF_ERROR(group.status);
  }
  Round round;
  round.seconds = absl::ToDoubleSeconds(absl::Now() - start);
  round.tokens = engine.tokens_sampled() - before;
  return round;
}

int64_t Elements(const model::Transformer& model) {
  int64_t elements = 0;
  for (const auto& [name, tensor] : model.weights()) elements += tensor.numel();
  return elements;
}

}  // namespace

absl::StatusOr<nlohmann::ordered_json> BenchGenerate(const BenchGenerateOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<model::Transformer> model, BenchModel(options.model));
  actor::EngineOptions engine_options;
  engine_options.max_batch = options.rows;
  ASSIGN_OR_RETURN(const auto engine,
                   actor::Engine::Create(engine_options, std::move(model), /*tokenizer=*/nullptr,
                                         /*version=*/0));
  RETURN_IF_ERROR(RunRound(options, /*seed=*/0, *engine).status());
  Round best;
  for (uint64_t repeat = 1; repeat <= options.repeats; ++repeat) {
    ASSIGN_OR_RETURN(const Round round, RunRound(options, repeat, *engine));
    if (best.tokens == 0 || round.per_second() > best.per_second()) best = round;
  }
  nlohmann::ordered_json result;
  result["tokens_per_second"] = best.per_second();
  result["seconds"] = best.seconds;
  result["tokens"] = best.tokens;
  result["rows"] = options.rows;
  result["prompt_tokens"] = options.prompt_tokens;
  result["dtype"] = options.model.dtype;
  result["threads"] = at::get_num_threads();
  result["parameters"] = Elements(engine->model());
  return result;
}

}  // namespace drover::model_tool
