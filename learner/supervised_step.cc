#include "learner/supervised_step.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "learner/batch.h"
#include "learner/forward.h"
#include "learner/losses/cross_entropy.h"
#include "learner/plan.h"

namespace drover::learner {
namespace {

// Adds the microbatch's gradients; returns its share of the step's loss.
double SupervisedMicrobatch(model::Transformer& model, const Microbatch& batch, const StepSize& step) {
  double total = 0.0;
  ForwardBackward(model, batch, ForwardOptions{}, [&](int64_t, const TokenScores& scores_R) {
    const torch::Tensor loss = CrossEntropy(scores_R.logprobs_K, step);
    total += loss.item<double>();
    return loss;
  });
  return total;
}

}  // namespace

absl::StatusOr<double> SupervisedStep(Replica& replica, const std::vector<SupervisedExample>& examples,
                                      double learning_rate) {
  std::vector<Sequence> sequences;
  std::vector<int64_t> lengths;
  std::vector<int64_t> all;
  StepSize step;
  step.responses = static_cast<int64_t>(examples.size());
  for (const SupervisedExample& example : examples) {
    all.push_back(static_cast<int64_t>(sequences.size()));
    sequences.push_back({example.prompt_token_ids, example.response_token_ids});
    lengths.push_back(example.prompt_token_ids.size() + example.response_token_ids.size());
    step.tokens += static_cast<int64_t>(example.response_token_ids.size());
  }
  const std::vector<int64_t> own =
      RankShare(all, lengths, replica.collectives->rank(), replica.collectives->size());
  Stepper& stepper = replica.stepper;
  stepper.Begin();
  double loss = 0.0;
  for (const auto& responses : PlanMicrobatches(sequences, own, replica.options.microbatch_responses)) {
    loss +=
        SupervisedMicrobatch(*replica.model, MakeMicrobatch(sequences, responses, stepper.device()), step);
  }
  ASSIGN_OR_RETURN(const StepStats stats, stepper.Finish(loss, learning_rate));
  if (stepper.skipped_in_a_row() >= static_cast<uint64_t>(replica.options.max_skipped_steps)) {
    return absl::AbortedError(absl::StrCat(stepper.skipped_in_a_row(),
                                           " supervised steps in a row were not finite; the last had loss ",
                                           stats.loss, " and gradient norm ", stats.grad_norm));
  }
  return stats.loss;
}

}  // namespace drover::learner
