// What the two source files of Transformer share: transformer.cc (the forward) and transformer_weights.cc (where
// weights come from and go to).
#pragma once

#include <torch/types.h>

#include <vector>

#include "model/config.h"
#include "model/decoder_layer.h"
#include "model/parameters.h"
#include "model/transformer_options.h"

namespace drover::model {

struct TransformerCore {
  ModelConfig config;
  TransformerOptions options;
  torch::Tensor embedding;  // [V, D]
  std::vector<DecoderLayer> layers;
  torch::Tensor final_norm;   // [D]
  torch::Tensor head;         // [V, D]; the same tensor as `embedding` when tied
  ParametersByName weights;   // Hugging Face names; shares storage with the above
  torch::Tensor frequencies;  // of the rotary embedding, float32 [head_dim / 2]
  torch::Tensor float_head;   // the head in float32, made at first use; undefined when trainable or stale
};

}  // namespace drover::model
