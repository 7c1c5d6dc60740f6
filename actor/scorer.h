// From logits to sampled tokens and their log-probabilities, a batch of rows at a time.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "actor/sampler.h"

namespace drover::actor {

// How one row's token is drawn.
struct Draw {
  SamplerOptions options;
  double uniform = 0.0;
  uint32_t top_tokens = 0;  // also so many of the most probable ones
};

struct Drawn {
  bool finite = false;  // false: the row holds a logit that is not finite, and there is no token
  uint32_t token = 0;
  // log p under the full softmax at the sampling temperature (1 for temperature 0), as the learner computes it
  // (model::ops::ScoreTokens). Not finite where there is no token.
  float logprob = 0.0F;
  // The most probable tokens, the most probable first. One of them that was drawn has the log-probability above.
  std::vector<TokenLogprob> top;
};

// logits_RV float32 on any device. draws[r] draws from logits row rows[r], so that several responses can begin at the
// same prompt.
std::vector<Drawn> DrawTokens(const torch::Tensor& logits_RV, const std::vector<int64_t>& rows,
                              const std::vector<Draw>& draws);

}  // namespace drover::actor
