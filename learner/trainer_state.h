// Pieces of the trainer's state by name. Internal to the learner.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/trainer.h"

namespace drover::learner {

// The model's weights in the order of their names.
std::vector<torch::Tensor> WeightList(const model::Transformer& model);

// A model of the same shape, dtype and device that is not trainable; its weights are to be filled.
absl::StatusOr<std::unique_ptr<model::Transformer>> NewReference(const model::Transformer& model);

// Copies tensors of `from` into those of `to`: first checks that every map has the same names, shapes and dtypes
// (INVALID_ARGUMENT names the tensor), then copies, so that an error leaves `to` as it was. Counters are left alone.
absl::Status CopyState(const TrainerState& from, TrainerState* to);

}  // namespace drover::learner
