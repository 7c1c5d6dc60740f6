// TrainerState <-> the tensors of training_state.safetensors. Internal to the checkpoints.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "learner/trainer_state.h"
#include "model/safetensors.h"

namespace drover::learner {

// Views into `owners`: the state's tensors on the CPU (those that were there already are not copied).
struct StateTensors {
  std::vector<model::TensorView> views;
  std::vector<torch::Tensor> owners;
};

// Names: "weight.", "first_moment.", "second_moment." or "reference." and then the Hugging Face name.
absl::StatusOr<StateTensors> ToTensors(const TrainerState& state);

// The inverse (without counters), sharing the views' bytes where they are aligned: read it while they live.
// INVALID_ARGUMENT names a tensor that belongs to nothing or has a dtype that no state has.
absl::StatusOr<TrainerState> FromTensors(const std::vector<model::TensorView>& views);

}  // namespace drover::learner
