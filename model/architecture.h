// What a transformer is made of, as a description: which weights its blocks have, of which names and shapes. What
// differs between architectures is said here and nowhere else; no LibTorch.
//
//   ModelConfig ──▶ Architecture ──┬─▶ WeightShapes      which tensors a file must hold   (weight_shapes.h)
//                                  └─▶ DecoderLayer ...  their allocation, their forward  (decoder_layer.h)
//
// A block (AttentionDescription, FeedForwardDescription) is read by the class that owns its weights and its forward
// (attention.h, feed_forward.h). An architecture of known blocks is a description more; a block of a new kind is one
// class more beside its description.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/config.h"

namespace drover::model {

struct WeightDescription {
  std::string name;            // Hugging Face's; empty: there is no such weight
  std::vector<int64_t> shape;  // [out, in] for matrices

  bool present() const { return !name.empty(); }
};

// y = x weight^T + bias
struct LinearDescription {
  WeightDescription weight;
  WeightDescription bias;  // may be absent
};

// Attention with grouped queries and rotary positions.
struct AttentionDescription {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  LinearDescription query, key, value, output;
  WeightDescription query_norm, key_norm;  // RMSNorm over each head before the rotation; both or none
};

// down(silu(gate(x)) * up(x))
struct FeedForwardDescription {
  LinearDescription gate, up, down;
};

// x + attention(norm(x)), then x + feed_forward(norm(x)).
struct LayerDescription {
  WeightDescription attention_norm;
  AttentionDescription attention;
  WeightDescription feed_forward_norm;
  FeedForwardDescription feed_forward;
};

struct Architecture {
  WeightDescription embedding;  // [vocabulary, width]
  std::vector<LayerDescription> layers;
  WeightDescription final_norm;
  WeightDescription head;  // absent: the embedding is the head
};

Architecture DescribeArchitecture(const ModelConfig& config);

}  // namespace drover::model
