#include "programs/model/bench/train.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/status.h"
#include "learner/trainer.h"
#include "programs/model/bench/meter.h"
#include "programs/model/bench/model.h"
#include "programs/model/bench/shapes.h"

namespace drover::model_tool {
namespace {

constexpr double kLearningRate = 1e-6;

// One optimizer step's groups; half of each group's responses are right.
std::vector<v1::Group> RandomGroups(const BenchTrainOptions& options, int64_t vocabulary, uint64_t step) {
  RandomStream random(step, RandomPurpose::kQuestions, 1);
  const float logprob = -static_cast<float>(std::log(static_cast<double>(vocabulary)));
  std::vector<v1::Group> groups(options.responses / kBenchGroupSize);
  for (size_t g = 0; g < groups.size(); ++g) {
    groups[g].set_group(g);
    groups[g].set_lease(step * groups.size() + g + 1);
    for (uint32_t t = 0; t < options.prompt_tokens; ++t)
      groups[g].add_prompt_token_ids(random.Below(vocabulary));
    for (uint32_t r = 0; r < kBenchGroupSize; ++r) {
      v1::Response* response = groups[g].add_responses();
      for (uint32_t t = 0; t < options.tokens; ++t) {
        response->add_token_ids(random.Below(vocabulary));
        response->add_logprobs(logprob);
      }
      v1::VersionRun* run = response->add_versions();
      run->set_version(step);
      run->set_count(options.tokens);
      response->set_finish_reason(v1::FINISH_REASON_STOP);
      response->set_reward(r % 2);
    }
  }
  return groups;
}

learner::TrainerOptions OptionsOf(const BenchTrainOptions& options) {
  learner::TrainerOptions trainer;
  trainer.loss.budget = options.tokens;
  trainer.plan.minibatch_responses = options.responses;
  trainer.microbatch_responses = options.microbatch;
  trainer.learning_rate = kLearningRate;
  return trainer;
}

absl::Status Check(const BenchTrainOptions& options) {
  if (options.responses == 0 || options.responses % kBenchGroupSize != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--responses is ", options.responses, ", must be a multiple of ", kBenchGroupSize));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> TimedUpdate(const BenchTrainOptions& options, uint64_t step,
                                   learner::Trainer& trainer) {
  const std::vector<v1::Group> groups = RandomGroups(options, trainer.model().config().vocab_size, step);
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(const learner::UpdateStats stats,
                   trainer.Update(groups, /*rollout=*/step, /*version=*/step));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  if (stats.skipped_steps > 0) {
    return absl::InternalError(
        absl::StrCat("step ", step, " was skipped: its loss or gradient is not finite"));
  }
  return seconds;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

// Of one step: the old policy's forward, and forward and backward (twice a forward) of the step itself.
double FlopsPerStep(const BenchTrainOptions& options, const model::ModelConfig& config) {
  const double context = (options.prompt_tokens + options.tokens) / 2.0;
  const double prompts = static_cast<double>(options.responses) / kBenchGroupSize * options.prompt_tokens;
  const double tokens = static_cast<double>(options.responses) * options.tokens;
  return 4.0 * (prompts + tokens) * ForwardFlops(config, context);
}

}  // namespace

absl::StatusOr<nlohmann::ordered_json> BenchTrain(const BenchTrainOptions& options) {
  RETURN_IF_ERROR(Check(options));
  ToolModelOptions trainable = options.model;
  trainable.trainable = true;
  ASSIGN_OR_RETURN(std::unique_ptr<model::Transformer> model, BenchModel(trainable, options.shape));
  const torch::Device device = model->options().device;
  std::optional<DeviceLimits> limits;
  if (options.limits) limits = MeasureLimits(device, model->options().dtype);
  const auto alone = learner::LocalCollectives();
  ASSIGN_OR_RETURN(const auto trainer,
                   learner::Trainer::Create(OptionsOf(options), std::move(model), alone.get()));

  RETURN_IF_ERROR(TimedUpdate(options, /*step=*/0, *trainer).status());
  std::vector<double> seconds;
  for (uint64_t step = 1; step <= options.steps; ++step) {
    ASSIGN_OR_RETURN(const double of_step, TimedUpdate(options, step, *trainer));
    seconds.push_back(of_step);
  }
  const double median = Median(seconds);
  nlohmann::ordered_json result;
  result["tokens_per_second"] = static_cast<double>(options.responses) * options.tokens / median;
  result["seconds_per_step"] = median;
  result["steps"] = options.steps;
  result["responses"] = options.responses;
  result["microbatch"] = options.microbatch;
  result["prompt_tokens"] = options.prompt_tokens;
  result["tokens"] = options.tokens;
  result["shape"] = options.model.dir.empty() ? options.shape : options.model.dir;
  result["dtype"] = options.model.dtype;
  result["device"] = device.str();
  result["threads"] = at::get_num_threads();
  absl::Status counted;
  const std::optional<int64_t> launches =
      CountLaunches(device, [&] { counted = TimedUpdate(options, options.steps + 1, *trainer).status(); });
  RETURN_IF_ERROR(counted);
  result["launches_per_step"] = launches.has_value() ? nlohmann::ordered_json(*launches) : nullptr;
  result["peak_memory_bytes"] = PeakMemory(device);
  if (limits.has_value()) {
    result["limits"] = LimitsJson(*limits);
    result["share_of_matrix_rate"] =
        FlopsPerStep(options, trainer->model().config()) / median / limits->matrix_flops_per_second;
  }
  return result;
}

}  // namespace drover::model_tool
