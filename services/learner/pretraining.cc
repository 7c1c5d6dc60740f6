#include "services/learner/pretraining.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"

namespace drover::learner_process {
namespace {

// Token ids of one worked question; the end-of-sequence token follows the response.
absl::StatusOr<learner::SupervisedExample> Encode(const data::SupervisedExample& example,
                                                  const model::Tokenizer& tokenizer, uint32_t eos) {
  learner::SupervisedExample encoded;
  ASSIGN_OR_RETURN(encoded.prompt_token_ids, tokenizer.Encode(example.prompt));
  ASSIGN_OR_RETURN(encoded.response_token_ids, tokenizer.Encode(example.response));
  encoded.response_token_ids.push_back(eos);
  return encoded;
}

}  // namespace

double PretrainLearningRate(const v1::PretrainSettings& settings, uint64_t step) {
  const double warmup = settings.warmup_steps(), batches = settings.batches(), at = static_cast<double>(step);
  if (at < warmup) return settings.learning_rate() * (at + 1) / warmup;
  if (!settings.decay()) return settings.learning_rate();
  return settings.learning_rate() * (batches - at) / std::max(1.0, batches - warmup);
}

absl::Status Pretrain(const v1::PretrainSettings& settings, const data::PromptSource& prompts,
                      const model::Tokenizer& tokenizer, learner::Trainer& trainer,
                      const std::function<absl::Status(uint64_t done, double loss)>& progress) {
  const auto& eos = trainer.model().config().eos_token_ids;
  if (eos.empty())
    return absl::FailedPreconditionError("pretraining needs a model with an end-of-sequence token");
  for (uint64_t step = 0; step < settings.batches(); ++step) {
    std::vector<learner::SupervisedExample> batch;
    for (uint64_t i = 0; i < settings.batch_size(); ++i) {
      ASSIGN_OR_RETURN(const data::SupervisedExample example,
                       prompts.PretrainExample(step * settings.batch_size() + i));
      ASSIGN_OR_RETURN(learner::SupervisedExample encoded,
                       Encode(example, tokenizer, static_cast<uint32_t>(eos.front())));
      batch.push_back(std::move(encoded));
    }
    ASSIGN_OR_RETURN(const double loss, trainer.SupervisedStep(batch, PretrainLearningRate(settings, step)));
    RETURN_IF_ERROR(progress(step + 1, loss));
  }
  return absl::OkStatus();
}

}  // namespace drover::learner_process
