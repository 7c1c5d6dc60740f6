// Log-probabilities of response tokens, with memory that does not grow with vocabulary x tokens.
//
//   input_ids_N --Hidden--> hidden_ND --rows_K--> hidden_KD --chunks of R rows--> logits_RV --> logprobs_R
//                                                                        └─ value head --> values_R
//
// Only the positions that predict a response token go through the vocabulary projection, R of them at a time. When
// training, each chunk's loss is computed and propagated back to its rows of hidden_KD at once and its logits are
// freed; one backward pass through the layers follows. That is exact because the loss is a sum over tokens.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>

#include "learner/batch.h"
#include "learner/phase_clock.h"
#include "learner/value_head.h"
#include "model/transformer.h"

namespace drover::learner {

struct ForwardOptions {
  double temperature = 1.0;       // log-probabilities of softmax(logits / temperature)
  bool entropy_gradient = false;  // whether entropy_K carries one when training
  // R is chosen so that a chunk's logits take at most so many bytes (a few such buffers exist at a time).
  int64_t chunk_bytes = int64_t{96} << 20;
  const ValueHead* value_head = nullptr;  // null: no values
  Phases phases;
};

struct TokenScores {
  torch::Tensor logprobs_K;  // float32
  torch::Tensor entropy_K;   // float32, nats; of the whole distribution that predicts the token
  torch::Tensor values_K;    // float32, of the value head; undefined without one
};

// Without gradients.
TokenScores Score(model::Transformer& model, const Microbatch& batch, const ForwardOptions& options);

// The loss of tokens [begin, begin + R) of the microbatch, given their scores: logprobs and values carry a gradient.
using ChunkLoss = std::function<torch::Tensor(int64_t begin, const TokenScores& scores_R)>;

// Adds the gradient of the chunks' summed losses to the .grad of the weights of model and value head.
void ForwardBackward(model::Transformer& model, const Microbatch& batch, const ForwardOptions& options,
                     const ChunkLoss& loss);

}  // namespace drover::learner
