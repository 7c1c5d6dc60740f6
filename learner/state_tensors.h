// TrainerState <-> the tensors of training_state.safetensors and of its shards. Internal to the checkpoints.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/trainer_state.h"
#include "model/safetensors.h"

namespace drover::learner {

// Views into `owners`: copies of the state's tensors on the CPU, which stay as they are when training goes on.
struct StateTensors {
  std::vector<model::TensorView> views;
  std::vector<torch::Tensor> owners;
  // Of what is not all here: "drover.begin." and the tensor's name -> where its elements begin.
  model::SafetensorsMetadata begins;
};

// Names: "weight.", "first_moment.", "second_moment." or "reference." and then the Hugging Face name. A moment, and a weight
// that ranks share, is in one piece at most, as a rank keeps it.
absl::StatusOr<StateTensors> ToTensors(const TrainerState& state);

// The inverse (without counters) for one file; call it with each. `shard`: whether it is a rank's, whose weights are pieces. It shares the views' bytes where they are aligned: read
// the state while they live. INVALID_ARGUMENT names a tensor that belongs to nothing or has a dtype that no state has, or a
// beginning that is no number.
absl::Status AddTensors(const std::vector<model::TensorView>& views,
                        const model::SafetensorsMetadata& metadata, bool shard, TrainerState* state);

}  // namespace drover::learner
