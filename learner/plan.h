// Which response enters which optimizer step, on which rank, in which forward pass. Pure; every rank computes
// the same plan from the same arguments.
//
//   rollout: responses 0..R-1 --shuffle(seed, rollout, epoch)--> minibatches (one optimizer step each)
//   minibatch --deal by length--> shares of the ranks --cut--> microbatches (one forward and backward each)
//
// The loss is a sum over tokens with weights that know only the minibatch, so how a minibatch is dealt and
// cut changes speed and memory, never the result (beyond rounding).
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace drover::learner {

struct PlanOptions {
  uint64_t seed = 0;
  int64_t minibatch_responses = 128;  // per optimizer step, over all ranks
  int64_t epochs = 1;                 // passes over the rollout
};

// The optimizer steps of a rollout of `responses` single responses, each the response numbers that it trains on. Every
// epoch is shuffled anew; its last step is smaller when the minibatch size does not divide the rollout.
std::vector<std::vector<int64_t>> PlanSteps(int64_t responses, uint64_t rollout, const PlanOptions& options);

// The part of `minibatch` that `rank` of `ranks` computes: responses sorted by length (longest first) are dealt in rounds,
// one to each rank, from rank 0 to the last and back, so that ranks get equal numbers (to one) of similar lengths and none
// has the longest of each round. May be empty. lengths[i] is the length of response i in tokens, prompt included.
std::vector<int64_t> RankShare(absl::Span<const int64_t> minibatch, absl::Span<const int64_t> lengths,
                               int rank, int ranks);

// `share` cut into pieces of at most `microbatch_responses` of similar length, longest first.
std::vector<std::vector<int64_t>> CutMicrobatches(std::vector<int64_t> share,
                                                  absl::Span<const int64_t> lengths,
                                                  int64_t microbatch_responses);

// `share` cut into pieces of at most `tokens` tokens, but at least one response each, of similar length, longest first.
std::vector<std::vector<int64_t>> CutByTokens(std::vector<int64_t> share, absl::Span<const int64_t> lengths,
                                              int64_t tokens);

// `items` cut into consecutive pieces of `size`; the last may be shorter.
std::vector<std::vector<int64_t>> CutInOrder(const std::vector<int64_t>& items, int64_t size);

}  // namespace drover::learner
