// Memory of tensors that is given back and taken again, while they stay what they are: shape, dtype, gradient, hooks, and
// whoever refers to them.
#pragma once

#include <torch/types.h>

namespace drover::model {

// Frees the memory of `tensor` and of all that share it. Nobody reads one of them until it is taken again: that would end the
// process.
void GiveBackMemory(const torch::Tensor& tensor);

// Memory for all of them again, with any values; `tensor` spans all of it.
void TakeMemory(const torch::Tensor& tensor);

}  // namespace drover::model
