// Picks one token of a distribution. Pure: no LibTorch, no random state.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace drover::actor {

struct SamplerOptions {
  double temperature = 1.0;  // 0: the most probable token
  uint32_t top_k = 0;        // only the k most probable tokens; 0: all
  double top_p = 1.0;        // only the fewest most probable tokens whose sum is at least this; 0 or 1: all
  double min_p = 0.0;        // only tokens at least so many times as probable as the most probable; 0: all
};

// A token and its log p under the full softmax at the sampling temperature (1 for temperature 0).
struct TokenLogprob {
  uint32_t token = 0;
  float logprob = 0.0F;
};

// The token at `uniform` (in [0, 1)): tokens that the filters leave are taken in order of id, their probabilities
// renormalised, and the first one whose cumulative probability exceeds `uniform` is the answer. The filters go by
// (higher probability, then lower id); top_p counts within what top_k left, min_p
// within what both left. With temperature 0: the most probable
// token, the lowest id of equals.
//
// Never returns a token of probability 0. `probabilities` are those of all tokens in order of id, or what is proportional
// to them (a softmax in double precision); they must be finite, not negative, and not all 0.
uint32_t PickToken(absl::Span<const double> probabilities, const SamplerOptions& options, double uniform);

// The `count` most probable tokens (all, where there are fewer), the most probable first and of equals the lower id.
std::vector<uint32_t> MostProbableTokens(absl::Span<const double> probabilities, uint32_t count);

}  // namespace drover::actor
