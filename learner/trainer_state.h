// What a trainer needs to go on as if it had not stopped, by name: what a checkpoint keeps.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/transformer.h"

namespace drover::learner {

// Numbers that go on through a checkpoint.
struct TrainerCounters {
  uint64_t optimizer_steps = 0;  // since reinforcement learning began, skipped ones included
  uint64_t adamw_steps = 0;      // steps that AdamW took: its bias correction and the warm-up count these
  uint64_t skipped_in_a_row = 0;
};

// Tensors by Hugging Face name. Random numbers follow from the recipe's seed and the rollout, so there is no generator
// state.
struct TrainerState {
  TrainerCounters counters;
  std::map<std::string, torch::Tensor> weights;  // float32 master copies
  std::map<std::string, torch::Tensor> first_moments;
  std::map<std::string, torch::Tensor> second_moments;
  std::map<std::string, torch::Tensor> reference;  // in the model's dtype; empty: there is none
};

// Copies tensors of `from` into those of `to`: first checks that every map has the same names, shapes and dtypes
// (INVALID_ARGUMENT names the tensor), then copies, so that an error leaves `to` as it was. Counters are left alone.
absl::Status CopyState(const TrainerState& from, TrainerState* to);

// The model's weights in the order of their names.
std::vector<torch::Tensor> WeightList(const model::Transformer& model);

// A model of the same shape, dtype and device that is not trainable; its weights are to be filled.
absl::StatusOr<std::unique_ptr<model::Transformer>> NewReference(const model::Transformer& model);

}  // namespace drover::learner
