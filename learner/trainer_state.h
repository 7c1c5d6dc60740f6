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

// Consecutive elements of a moment, or of a master weight.
struct MomentPiece {
  int64_t begin = 0;     // of it as a flat vector
  torch::Tensor values;  // float32: flat, or, where it is all of it, of its shape
};

// By Hugging Face name: pieces in the order of their beginnings.
using Moments = std::map<std::string, std::vector<MomentPiece>>;

// Tensors by Hugging Face name; of a model with adapters theirs by peft's, and no reference, which is the frozen model.
// Random numbers follow from the recipe's seed and the rollout, so there is no generator state.
struct TrainerState {
  TrainerCounters counters;
  std::map<std::string, torch::Tensor> weights;  // float32 master copies; with a value head its own too
  // In their place where ranks share the weights: as the moments.
  Moments weight_pieces;
  // All pieces of all weights; of a trainer with sharding, those that this rank keeps.
  Moments first_moments;
  Moments second_moments;
  std::map<std::string, torch::Tensor> reference;  // in the model's dtype; empty: there is none
};

// That `state` has what a model of these weights and this reference (empty: none) needs: the same names, shapes and dtypes,
// and of every moment each element once. INVALID_ARGUMENT names the tensor that is missing or misshapen.
absl::Status CheckState(const TrainerState& state, const std::map<std::string, torch::Tensor>& weights,
                        const std::map<std::string, torch::Tensor>& reference);

// A master weight of a state, which has it whole or in pieces.
std::vector<MomentPiece> WeightIn(const TrainerState& state, const std::string& name);

// Copies tensors of `from` into those of `to`, which CheckState has found to be alike.
void CopyTensors(const std::map<std::string, torch::Tensor>& from,
                 const std::map<std::string, torch::Tensor>& to);

// Copies [begin, begin + to.numel()) of a moment or weight, of which `from` has all, into the flat tensor `to`.
void CopyMoment(const std::vector<MomentPiece>& from, int64_t begin, const torch::Tensor& to);

// A model of the same shape, dtype and device that is not trainable; its weights are to be filled. Of a model with adapters
// it is that model without them, whose weights are there already.
absl::StatusOr<std::unique_ptr<model::Transformer>> NewReference(const model::Transformer& model);

}  // namespace drover::learner
