// How a transformer is held and computed.
#pragma once

#include <torch/types.h>

#include <optional>

#include "model/lora_config.h"
#include "model/rank_gather.h"

namespace drover::model {

struct TransformerOptions {
  torch::Device device = torch::kCPU;
  torch::ScalarType dtype = torch::kFloat32;  // or kBFloat16; anything else is INVALID_ARGUMENT
  // True: weights are float32 masters that require gradients, rounded to dtype inside the forward (the gradient passes
  // the rounding unchanged). False: weights are stored in dtype, fused where that saves time, and have no gradients.
  bool trainable = false;
  // Trainable: of each layer only its input is kept for the backward pass, which computes the layer again (recompute.h):
  // a third more work, a fraction of the memory, the same gradients.
  bool recompute_layers = false;
  // Attention over whole sequences is LibTorch's, by rows (sequences.h), on the CPU, too, where tests hold it to ours.
  bool attention_by_rows = false;
  // Trainable, without adapters: weights have no memory and are not read; Transformer::source gives their values to who
  // brings them (layer_weights.h).
  bool deferred = false;
  // With adapters: weights are stored in dtype and frozen, whatever `trainable` says, the adapters are float32, and they alone
  // are trained, published and imported. The forward computes with Merged weights (adapters.h), actor's and learner's alike.
  std::optional<LoraConfig> lora;
  // Null, or the ranks that hold the model together (rank_share.h), which must outlive it: of each weight this rank's rows alone
  // are here, and every pass is run by all ranks at once. Not trainable.
  RankGroup* group = nullptr;
};

}  // namespace drover::model
