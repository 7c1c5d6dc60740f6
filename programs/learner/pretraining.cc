#include "programs/learner/pretraining.h"

#include <utility>
#include <vector>

#include "base/status.h"
#include "data/prompt_fit.h"
#include "learner/schedule.h"

namespace drover::learner_process {
namespace {

// Token ids of one worked question; the end-of-sequence token follows the response.
absl::StatusOr<learner::SupervisedExample> Encode(const data::SupervisedExample& example,
                                                  const model::Tokenizer& tokenizer,
                                                  const model::EncodeOptions& encoding, uint32_t eos) {
  learner::SupervisedExample encoded;
  ASSIGN_OR_RETURN(encoded.prompt_token_ids, tokenizer.Encode(example.prompt, encoding));
  ASSIGN_OR_RETURN(encoded.response_token_ids, tokenizer.Encode(example.response));
  encoded.response_token_ids.push_back(eos);
  return encoded;
}

}  // namespace

absl::Status Pretrain(const v1::Recipe& recipe, const data::PromptSource& prompts,
                      const model::Tokenizer& tokenizer, learner::Trainer& trainer,
                      const std::function<absl::Status(uint64_t done, double loss)>& progress) {
  const auto& eos = trainer.model().config().eos_token_ids;
  if (eos.empty())
    return absl::FailedPreconditionError("pretraining needs a model with an end-of-sequence token");
  const v1::PretrainSettings& settings = recipe.pretrain();
  const model::EncodeOptions encoding = data::PromptEncoding(recipe.data());
  for (uint64_t step = 0; step < settings.batches(); ++step) {
    std::vector<learner::SupervisedExample> batch;
    for (uint64_t i = 0; i < settings.batch_size(); ++i) {
      ASSIGN_OR_RETURN(const data::SupervisedExample example,
                       prompts.PretrainExample(step * settings.batch_size() + i));
      ASSIGN_OR_RETURN(learner::SupervisedExample encoded,
                       Encode(example, tokenizer, encoding, static_cast<uint32_t>(eos.front())));
      batch.push_back(std::move(encoded));
    }
    const double rate = learner::SupervisedLearningRate(settings, step);
    ASSIGN_OR_RETURN(const learner::StepStats stats, trainer.SupervisedStep(batch, {.learning_rate = rate}));
    RETURN_IF_ERROR(progress(step + 1, stats.loss));
  }
  return absl::OkStatus();
}

}  // namespace drover::learner_process
