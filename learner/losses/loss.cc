#include "learner/losses/loss.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "learner/losses/k3.h"

namespace drover::learner {
namespace {

// What is counted whatever the terms are.
void Count(const LossTokens& tokens, const torch::Tensor& loss, LossSums* sums) {
  const torch::Tensor log_ratio_K = tokens.logprobs_K - tokens.old_logprobs_K;
  const torch::Tensor ratio_K = log_ratio_K.exp();
  sums->loss = loss.detach().to(at::kDouble);
  sums->ratio = ratio_K.sum(at::kDouble);
  sums->kl_old = K3(log_ratio_K).sum(at::kDouble);
  sums->entropy = tokens.entropy_K.sum(at::kDouble);
  if (ratio_K.numel() > 0) sums->ratio_max = ratio_K.max().to(at::kDouble);
}

}  // namespace

LossNeeds LossNeeds::operator|(const LossNeeds& other) const {
  LossNeeds both = *this;
  for (const auto need : {&LossNeeds::reference, &LossNeeds::actor_logprobs, &LossNeeds::sequence_sums,
                          &LossNeeds::correction_sums, &LossNeeds::rollout_entropy,
                          &LossNeeds::entropy_gradient, &LossNeeds::values}) {
    both.*need = both.*need || other.*need;
  }
  return both;
}

Loss::Loss(std::vector<std::unique_ptr<LossTerm>> terms, const LossOptions& options)
    : terms_(std::move(terms)), options_(options) {
  DROVER_CHECK(!terms_.empty());
}

LossNeeds Loss::needs() const {
  LossNeeds needs;
  for (const auto& term : terms_) needs = needs | term->needs();
  return needs;
}

bool Loss::WantsZeroAdvantage() const {
  return std::any_of(terms_.begin(), terms_.end(),
                     [](const auto& term) { return term->WantsZeroAdvantage(); });
}

LossResult Loss::Compute(const LossTokens& tokens, const StepSize& step) const {
  LossResult result;
  const torch::Tensor zero = at::zeros({}, tokens.advantages_K.options().dtype(at::kDouble));
  for (const auto field : kLossSums<torch::Tensor>) result.sums.*field = zero;
  for (const auto field : kLossMaxima<torch::Tensor>) result.sums.*field = zero;
  torch::Tensor loss_K;
  for (const auto& term : terms_) {
    const torch::Tensor term_K = term->PerToken(tokens, &result.sums);
    loss_K = loss_K.defined() ? loss_K + term_K : term_K;
  }
  result.loss = (TokenWeights(options_, tokens.lengths_K, step) * loss_K).sum();
  at::NoGradGuard no_grad;
  Count(tokens, result.loss, &result.sums);
  return result;
}

}  // namespace drover::learner
