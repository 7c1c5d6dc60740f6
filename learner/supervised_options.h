// How a supervised step is taken, and what is said of examples.
#pragma once

#include <cstdint>

#include "learner/losses/mean_over.h"

namespace drover::learner {

struct SupervisedOptions {
  double learning_rate = 0.0;
  MeanOver mean_over = MeanOver::kTokens;
  // Tokens of a forward and backward pass, at most, but one example at least; 0: the trainer's microbatch_responses
  // bounds it. Memory, never the result beyond rounding.
  int64_t microbatch_tokens = 0;
};

struct SupervisedLoss {
  double nats = 0.0;  // -log p, summed over the tokens
  int64_t tokens = 0;
  double mean() const { return tokens == 0 ? 0.0 : nats / static_cast<double>(tokens); }
};

}  // namespace drover::learner
