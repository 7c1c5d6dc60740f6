#include "programs/model/bench/train.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/status.h"
#include "learner/trainer.h"
#include "programs/model/bench/median.h"
#include "programs/model/bench/meter.h"
#include "programs/model/bench/model.h"
#include "programs/model/bench/shapes.h"

namespace drover::model_tool {
namespace {

constexpr double kLearningRate = 1e-6;

// The same in every step.
struct Workload {
  uint32_t prompt_tokens = 0;
  std::vector<uint32_t> lengths;  // of the responses, group by group

  size_t groups() const { return lengths.size() / kBenchGroupSize; }
  uint64_t response_tokens() const { return std::accumulate(lengths.begin(), lengths.end(), uint64_t{0}); }
};

v1::Response RandomResponse(uint32_t tokens, int64_t vocabulary, uint64_t version, RandomStream& random) {
  v1::Response response;
  const float logprob = -static_cast<float>(std::log(static_cast<double>(vocabulary)));
  for (uint32_t t = 0; t < tokens; ++t) {
    response.add_token_ids(random.Below(vocabulary));
    response.add_logprobs(logprob);
  }
  v1::VersionRun* run = response.add_versions();
  run->set_version(version);
  run->set_count(tokens);
  response.set_finish_reason(v1::FINISH_REASON_STOP);
  return response;
}

// One optimizer step's groups; half of each group's responses are right.
std::vector<v1::Group> RandomGroups(const Workload& work, int64_t vocabulary, uint64_t step) {
  RandomStream random(step, RandomPurpose::kQuestions, 1);
  std::vector<v1::Group> groups(work.groups());
  for (size_t g = 0; g < groups.size(); ++g) {
    groups[g].set_group(g);
    groups[g].set_lease(step * groups.size() + g + 1);
    for (uint32_t t = 0; t < work.prompt_tokens; ++t)
      groups[g].add_prompt_token_ids(random.Below(vocabulary));
    for (uint32_t r = 0; r < kBenchGroupSize; ++r) {
      const uint32_t tokens = work.lengths[g * kBenchGroupSize + r];
      *groups[g].add_responses() = RandomResponse(tokens, vocabulary, step, random);
      groups[g].mutable_responses(static_cast<int>(r))->set_reward(r % 2);
    }
  }
  return groups;
}

learner::TrainerOptions OptionsOf(const BenchTrainOptions& options, const Workload& work,
                                  torch::Device device) {
  learner::TrainerOptions trainer;
  trainer.loss.budget = *std::max_element(work.lengths.begin(), work.lengths.end());
  trainer.plan.minibatch_responses = options.sequences;
  trainer.microbatch_responses = options.microbatch;
  trainer.learning_rate = kLearningRate;
  trainer.time_phases = true;
  trainer.wait_for_device = [device] { WaitForDevice(device); };
  return trainer;
}

struct StepSeconds {
  double total = 0.0;
  learner::PhaseSeconds phases;
};

absl::StatusOr<StepSeconds> TimedUpdate(const Workload& work, uint64_t step, learner::Trainer& trainer) {
  const std::vector<v1::Group> groups = RandomGroups(work, trainer.model().config().vocab_size, step);
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(const learner::UpdateStats stats,
                   trainer.Update(groups, /*rollout=*/step, /*version=*/step));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if (stats.skipped_steps > 0) {
    return absl::InternalError(
        absl::StrCat("step ", step, " was skipped: its loss or gradient is not finite"));
  }
  return StepSeconds{seconds, stats.seconds.value()};
}

nlohmann::ordered_json PhasesJson(const std::vector<StepSeconds>& steps) {
  nlohmann::ordered_json json;
  const std::pair<const char*, double learner::PhaseSeconds::*> phases[] = {
      {"scoring", &learner::PhaseSeconds::scoring},
      {"forward", &learner::PhaseSeconds::forward},
      {"output", &learner::PhaseSeconds::output},
      {"backward", &learner::PhaseSeconds::backward},
      {"optimizer", &learner::PhaseSeconds::optimizer}};
  for (const auto& [name, phase] : phases) {
    json[name] = MedianOf(steps, [phase = phase](const StepSeconds& step) { return step.phases.*phase; });
  }
  return json;
}

// What a step has to compute, each prompt once: a forward pass, and a backward pass of twice its operations. Nothing is
// predicted from prompts, so they do not meet the vocabulary. What is computed again is not counted.
double FlopsPerStep(const Workload& work, const model::ModelConfig& config) {
  const double head = 2.0 * static_cast<double>(config.vocab_size * config.hidden_size);
  const double prompt = work.prompt_tokens;
  double forward = static_cast<double>(work.groups()) * prompt * (ForwardFlops(config, prompt / 2.0) - head);
  for (const double tokens : work.lengths) forward += tokens * ForwardFlops(config, prompt + tokens / 2.0);
  return 3.0 * forward;
}

absl::Status Check(const BenchTrainOptions& options) {
  if (options.sequences == 0 || options.sequences % kBenchGroupSize != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--sequences is ", options.sequences, ", must be a multiple of ", kBenchGroupSize));
  }
  return absl::OkStatus();
}

nlohmann::ordered_json Describe(const BenchTrainOptions& options, const model::Transformer& model) {
  nlohmann::ordered_json json;
  json["steps"] = options.steps;
  json["sequences"] = options.sequences;
  json["microbatch"] = options.microbatch;
  json["prompt_tokens"] = options.prompt_tokens;
  json["response_tokens"] = ToString(options.response_tokens);
  json["activation_checkpointing"] = options.activation_checkpointing;
  json["lora_rank"] = options.lora_rank;
  json["shape"] = options.model.dir.empty() ? options.shape : options.model.dir;
  json["dtype"] = options.model.dtype;
  json["device"] = model.options().device.str();
  json["threads"] = at::get_num_threads();
  return json;
}

}  // namespace

absl::StatusOr<nlohmann::ordered_json> BenchTrain(const BenchTrainOptions& options) {
  RETURN_IF_ERROR(Check(options));
  Workload work{options.prompt_tokens, {}};
  work.lengths = SpreadLengths(options.response_tokens, options.sequences);
  ToolModelOptions trainable = options.model;
  trainable.trainable = true;
  trainable.recompute_layers = options.activation_checkpointing;
  trainable.lora_rank = options.lora_rank;
  ASSIGN_OR_RETURN(std::unique_ptr<model::Transformer> model, BenchModel(trainable, options.shape));
  const torch::Device device = model->options().device;
  nlohmann::ordered_json description = Describe(options, *model);
  const int64_t before = PeakMemory(device);
  const auto alone = LocalCollectives();
  ASSIGN_OR_RETURN(const auto trainer,
                   learner::Trainer::Create(OptionsOf(options, work, device), std::move(model), alone.get()));

  RETURN_IF_ERROR(TimedUpdate(work, /*step=*/0, *trainer).status());
  std::vector<StepSeconds> steps;
  for (uint64_t step = 1; step <= options.steps; ++step) {
    ASSIGN_OR_RETURN(const StepSeconds seconds, TimedUpdate(work, step, *trainer));
    steps.push_back(seconds);
  }
  const int64_t peak = PeakMemory(device);
  const double median = MedianOf(steps, [](const StepSeconds& step) { return step.total; });
  const double prompts = static_cast<double>(options.sequences) * options.prompt_tokens;
  const double responses = static_cast<double>(work.response_tokens());
  nlohmann::ordered_json result;
  result["tokens_per_second"] = (prompts + responses) / median;
  result["response_tokens_per_second"] = responses / median;
  result["seconds_per_step"] = median;
  result["seconds"] = PhasesJson(steps);
  result["peak_memory_bytes"] = peak;
  result["model_memory_bytes"] = before;
  result.update(description);
  // Behind the steps, so that what it takes is not in their peak.
  const DeviceLimits limits = MeasureLimits(device, trainer->model().options().dtype);
  result["gemm_flops_per_second"] = limits.matrix_flops_per_second;
  result["share_of_gemm_rate"] =
      FlopsPerStep(work, trainer->model().config()) / median / limits.matrix_flops_per_second;
  if (options.limits) result["limits"] = LimitsJson(limits);
  absl::Status counted;
  const std::optional<int64_t> launches =
      CountLaunches(device, [&] { counted = TimedUpdate(work, options.steps + 1, *trainer).status(); });
  RETURN_IF_ERROR(counted);
  result["launches_per_step"] = launches.has_value() ? nlohmann::ordered_json(*launches) : nullptr;
  return result;
}

}  // namespace drover::model_tool
