// A piece of a forward pass that is computed twice so that less of it is kept ("activation checkpointing").
//
//   forward    x ──▶ piece ──▶ y        x alone is kept
//   backward   x ──▶ piece ──▶ y' ◀── dy, and what lies between x and y' lives for this piece's backward alone
//
// The second forward is the first one's arithmetic on the same numbers: gradients are the same bits as without.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>

#include "model/layer_weights.h"

namespace drover::model {

using ForwardPiece = std::function<torch::Tensor(const torch::Tensor& x)>;

// Called before each use of a piece; what it returns is let go behind it (of kBackward: behind the piece's backward).
using HoldForUse = std::function<std::shared_ptr<void>(LayerUse use)>;

// piece(x). It may write into x's memory when no gradient is wanted (x is a copy then), reads weights, which are leaves,
// and must own or outlive what else it reads: it is called again in the backward pass. One tensor in, one out. `hold`: null,
// or what makes the weights be there.
torch::Tensor Recomputed(const torch::Tensor& x, ForwardPiece piece, HoldForUse hold = nullptr);

}  // namespace drover::model
