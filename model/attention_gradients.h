// The gradient of attention over the segments of a batch, in float32.
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/op_settings.h"
#include "model/segments.h"

namespace drover::model::ops {

// On the CPU, all float32 or all bfloat16.
struct AttentionPass {
  torch::Tensor query_NHd, key_NKd, value_NKd;
  torch::Tensor out_NHd;       // what the forward gave, [N, H d]
  torch::Tensor gradient_NHd;  // of out
};

struct AttentionGradients {
  torch::Tensor query, key, value;  // in the dtypes of what they are gradients of
};

// P = softmax(S), S = scale Q K^T (capped: c tanh(S / c)) where a token sees a key:
//
//   dV = P^T dO,   dP = dO V^T,   dS = P (dP - rowsum(dO O)),   dQ = scale dS K,   dK = scale dS^T Q
//
// By blocks of queries and of keys (kernels/cpu/attention_backward.h): beside the results 12 bytes a token and query head,
// and a thread's scratch of 256 bytes a position. Bits do not depend on the threads.
AttentionGradients AttentionBackward(const AttentionPass& pass, const std::vector<Segment>& segments,
                                     const AttentionSettings& settings);

}  // namespace drover::model::ops
