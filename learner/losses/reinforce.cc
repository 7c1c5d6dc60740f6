#include "learner/losses/reinforce.h"

#include <ATen/ATen.h>

namespace drover::learner {

torch::Tensor Reinforce::PerToken(const LossTokens& tokens, LossSums*) const {
  return -tokens.advantages_K * tokens.logprobs_K;
}

}  // namespace drover::learner
