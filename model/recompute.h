// A piece of a forward pass that is computed twice so that less of it is kept ("activation checkpointing").
//
//   forward    x ──▶ piece ──▶ y        x alone is kept
//   backward   x ──▶ piece ──▶ y' ◀── dy, and what lies between x and y' lives for this piece's backward alone
//
// The second forward is the first one's arithmetic on the same numbers: gradients are the same bits as without.
#pragma once

#include <torch/types.h>

#include <functional>

namespace drover::model {

using ForwardPiece = std::function<torch::Tensor(const torch::Tensor& x)>;

// piece(x). It may write into x's memory when no gradient is wanted (x is a copy then), reads weights, which are leaves,
// and must own or outlive what else it reads: it is called again in the backward pass. One tensor in, one out.
torch::Tensor Recomputed(const torch::Tensor& x, ForwardPiece piece);

}  // namespace drover::model
