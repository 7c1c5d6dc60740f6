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
#include <optional>
#include <string>
#include <vector>

#include "model/model_config.h"
#include "model/op_settings.h"
#include "model/rope.h"

namespace drover::model {

// Rows [begin, begin + size) of a tensor.
struct RowRun {
  int64_t begin = 0;
  int64_t size = 0;

  bool operator==(const RowRun&) const = default;
};

struct WeightDescription {
  std::string name;            // Hugging Face's; empty: there is no such weight
  std::vector<int64_t> shape;  // [out, in] for matrices
  // Of a rank's part (rank_share.h): which rows of the tensor of that name it is, one run after the other, and how many that
  // has. None: it is the whole.
  std::vector<RowRun> runs = {};
  int64_t whole_rows = 0;

  bool present() const { return !name.empty(); }

  bool operator==(const WeightDescription&) const = default;
};

// y = x weight^T + bias
struct LinearDescription {
  WeightDescription weight;
  WeightDescription bias;  // may be absent

  bool operator==(const LinearDescription&) const = default;
};

// Attention with grouped queries.
struct AttentionDescription {
  int64_t heads = 0;
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  AttentionSettings settings;
  std::optional<size_t> rope;  // of Architecture::ropes; none: positions are not looked at
  // Query, key and value; or one whose rows are theirs one after the other.
  std::vector<LinearDescription> projections;
  LinearDescription output;
  // RMSNorm before the rotation, over each head ([head_dim]) or over all heads together ([rows]); both or none.
  WeightDescription query_norm, key_norm;

  bool operator==(const AttentionDescription&) const = default;
};

// down(activation(gate(x)) * up(x))
struct FeedForwardDescription {
  Activation activation = Activation::kSilu;
  std::vector<LinearDescription> gate_up;  // gate and up; or one whose rows are theirs one after the other
  LinearDescription down;

  bool operator==(const FeedForwardDescription&) const = default;
};

// x + norm(block(norm(x))), with attention and then with the feed-forward block. Norms may be absent.
struct LayerDescription {
  WeightDescription attention_norm;
  AttentionDescription attention;
  WeightDescription attention_output_norm;
  WeightDescription feed_forward_norm;
  FeedForwardDescription feed_forward;
  WeightDescription feed_forward_output_norm;

  bool operator==(const LayerDescription&) const = default;
};

struct Architecture {
  NormSettings norms;           // of all RMSNorms
  WeightDescription embedding;  // [vocabulary, width]
  double embedding_scale = 1.0;
  std::vector<RopeDescription> ropes;
  std::vector<LayerDescription> layers;
  WeightDescription final_norm;
  WeightDescription head;       // absent: the embedding is the head
  double logit_soft_cap = 0.0;  // c: a logit s counts as c tanh(s / c); 0: as s

  bool operator==(const Architecture&) const = default;
};

Architecture DescribeArchitecture(const ModelConfig& config);

}  // namespace drover::model
