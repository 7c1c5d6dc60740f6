#include "learner/supervised_step.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "learner/batch.h"
#include "learner/forward.h"
#include "learner/losses/cross_entropy.h"
#include "learner/plan.h"

namespace drover::learner {
namespace {

// Examples as the batch takes them.
struct Batch {
  std::vector<Sequence> sequences;
  std::vector<int64_t> lengths;
  std::vector<int64_t> all;
  StepSize size;
  std::vector<std::vector<double>> weights;  // CrossEntropy's; empty: all ones
};

// Of the tokens of `example`, or one number for all of them.
std::vector<double> WeightsOf(const SupervisedExample& example, MeanOver mean_over) {
  const double weight =
      mean_over == MeanOver::kTokens ? 1.0 : 1.0 / static_cast<double>(example.learned_tokens());
  if (example.learned.empty()) return {weight};
  std::vector<double> weights;
  for (const uint8_t learned : example.learned) weights.push_back(learned != 0 ? weight : 0.0);
  return weights;
}

Batch MakeBatch(const std::vector<SupervisedExample>& examples, MeanOver mean_over) {
  Batch batch;
  batch.size.responses = static_cast<int64_t>(examples.size());
  const bool ones = mean_over == MeanOver::kTokens &&
                    std::all_of(examples.begin(), examples.end(),
                                [](const SupervisedExample& each) { return each.learned.empty(); });
  for (const SupervisedExample& example : examples) {
    batch.all.push_back(static_cast<int64_t>(batch.sequences.size()));
    batch.sequences.push_back({example.prompt_token_ids, example.response_token_ids});
    batch.lengths.push_back(
        static_cast<int64_t>(example.prompt_token_ids.size() + example.response_token_ids.size()));
    batch.size.tokens += example.learned_tokens();
    if (!ones) batch.weights.push_back(WeightsOf(example, mean_over));
  }
  return batch;
}

torch::Tensor WeightsOf(const Microbatch& microbatch, const Batch& batch) {
  return batch.weights.empty() ? torch::Tensor() : PerToken(microbatch, absl::MakeConstSpan(batch.weights));
}

// Adds the microbatch's gradients; returns its share of the step's loss.
double SupervisedMicrobatch(model::Transformer& model, const Microbatch& microbatch, const Batch& batch,
                            MeanOver mean_over) {
  const torch::Tensor weights_K = WeightsOf(microbatch, batch);
  double total = 0.0;
  ForwardBackward(model, microbatch, ForwardOptions{}, [&](int64_t begin, const TokenScores& scores_R) {
    const torch::Tensor weights_R =
        weights_K.defined() ? weights_K.slice(0, begin, begin + scores_R.logprobs_K.size(0)) : weights_K;
    const torch::Tensor loss = CrossEntropy(scores_R.logprobs_K, weights_R, mean_over, batch.size);
    total += loss.item<double>();
    return loss;
  });
  return total;
}

std::vector<std::vector<int64_t>> Microbatches(const Batch& batch, const std::vector<int64_t>& own,
                                               int64_t microbatch_tokens, const Replica& replica) {
  if (microbatch_tokens > 0) return CutByTokens(own, batch.lengths, microbatch_tokens);
  return PlanMicrobatches(batch.sequences, own, replica.options.microbatch_responses);
}

}  // namespace

absl::StatusOr<StepStats> SupervisedStep(Replica& replica, const std::vector<SupervisedExample>& examples,
                                         const SupervisedOptions& options) {
  const Batch batch = MakeBatch(examples, options.mean_over);
  const std::vector<int64_t> own =
      RankShare(batch.all, batch.lengths, replica.collectives->rank(), replica.collectives->size());
  Stepper& stepper = replica.stepper;
  const auto microbatches = Microbatches(batch, own, options.microbatch_tokens, replica);
  RETURN_IF_ERROR(stepper.Begin(static_cast<int64_t>(microbatches.size())));
  double loss = 0.0;
  for (const auto& responses : microbatches) {
    if (replica.options.progress) replica.options.progress();
    loss += SupervisedMicrobatch(*replica.model, MakeMicrobatch(batch.sequences, responses, stepper.device()),
                                 batch, options.mean_over);
    stepper.EndPass();
  }
  ASSIGN_OR_RETURN(const StepStats stats, stepper.Finish(loss, options.learning_rate));
  if (stepper.skipped_in_a_row() >= static_cast<uint64_t>(replica.options.max_skipped_steps)) {
    return absl::AbortedError(absl::StrCat(stepper.skipped_in_a_row(),
                                           " supervised steps in a row were not finite; the last had loss ",
                                           stats.loss, " and gradient norm ", stats.grad_norm));
  }
  return stats;
}

absl::StatusOr<SupervisedLoss> MeasureSupervised(Replica& replica,
                                                 const std::vector<SupervisedExample>& examples,
                                                 int64_t microbatch_tokens) {
  const Batch batch = MakeBatch(examples, MeanOver::kTokens);
  const torch::Device device = replica.stepper.device();
  SupervisedLoss loss{.tokens = batch.size.tokens};
  const auto microbatches = Microbatches(batch, batch.all, microbatch_tokens, replica);
  RETURN_IF_ERROR(replica.stepper.BeginForwards(static_cast<int64_t>(microbatches.size())));
  for (const auto& responses : microbatches) {
    if (replica.options.progress) replica.options.progress();
    const Microbatch microbatch = MakeMicrobatch(batch.sequences, responses, device);
    const torch::Tensor weights_K = WeightsOf(microbatch, batch);
    const torch::Tensor logprobs_K =
        Score(*replica.model, microbatch, ForwardOptions{}).logprobs_K.to(at::kDouble);
    loss.nats -= (weights_K.defined() ? logprobs_K * weights_K : logprobs_K).sum().item<double>();
    RETURN_IF_ERROR(replica.stepper.EndForward());
  }
  RETURN_IF_ERROR(replica.stepper.EndForwards(replica.options.progress));
  return loss;
}

}  // namespace drover::learner
