// What the two source files of Transformer share: transformer.cc (the forward) and transformer_weights.cc (where
// weights come from and go to).
#pragma once

#include "model/parameters.h"
#include "model/transformer.h"

namespace drover::model {

struct Transformer::Impl {
  ModelConfig config;
  TransformerOptions options;
  Parameters parameters;
  torch::Tensor frequencies;  // of the rotary embedding, float32 [head_dim / 2]
  torch::Tensor float_head;   // the head in float32, made at first use; undefined when trainable or stale
};

}  // namespace drover::model
