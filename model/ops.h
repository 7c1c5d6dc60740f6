// The arithmetic of transformers, in one place for actor and learner.
//
// Shapes in names: R rows, V vocabulary.
#pragma once

#include <torch/types.h>

namespace drover::model::ops {

// What the distributions softmax(logits / temperature) say of one token each.
struct TokenScores {
  torch::Tensor logprobs_R;  // float32, with the logits' gradient
  torch::Tensor
      entropy_R;  // float32, nats, of the whole distribution; without gradient; undefined if not asked for
};

// logits_RV float32, targets_R int64 token ids on the same device. The log-softmax is taken in float32, row by row: a
// row's bits do not depend on its company. This is the log-probability that actors record and the one that the learner
// computes.
TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy);

}  // namespace drover::model::ops
