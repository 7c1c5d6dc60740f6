// What the two source files of Transformer share: transformer.cc (the forward) and transformer_weights.cc (where
// weights come from and go to).
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "model/config.h"
#include "model/decoder_layer.h"
#include "model/layer_weights.h"
#include "model/packed_weight.h"
#include "model/parameters.h"
#include "model/transformer_options.h"

namespace drover::model {

// A RopeDescription on the device.
struct Rope {
  torch::Tensor frequencies;  // float32 [rotated numbers / 2]
  double scale = 1.0;
};

struct TransformerCore {
  ModelConfig config;
  TransformerOptions options;
  torch::Tensor embedding;  // [V, D]
  std::vector<DecoderLayer> layers;
  torch::Tensor final_norm;   // [D]
  ops::LinearWeights head;    // [V, D]; the weight is `embedding` when tied
  ParametersByName weights;   // Hugging Face names; shares storage with the above
  ParametersByName adapters;  // peft's names; of options.lora
  RowParts parts;             // of both, with options.group
  NormSettings norms;
  double embedding_scale = 1.0;
  double logit_soft_cap = 0.0;
  std::vector<Rope> ropes;
  // Of each layer, what its products read of its weights.
  std::vector<std::vector<std::shared_ptr<PackedWeight>>> packed;
  LayerWeights* layer_weights = nullptr;  // null: weights are always there
  WeightSource source;                    // of weights without memory
};

}  // namespace drover::model
