// What is particular to the operations of one model or layer, beside their shapes: parts of the description
// (architecture.h) that the arithmetic (ops.h) is given. No LibTorch.
#pragma once

#include <cstdint>

namespace drover::model {

// Root mean square norms.
struct NormSettings {
  double eps = 1e-6;
  double offset = 0.0;  // the stored weight w counts as offset + w

  bool operator==(const NormSettings&) const = default;
};

// What is applied to the gate of a feed-forward block.
enum class Activation {
  kSilu,
  kGeluTanh,  // the approximation of gelu by tanh
};

// Attention of one layer.
struct AttentionSettings {
  double scale = 1.0;     // of the products of query and key; 1 / sqrt(head size) in most models
  double soft_cap = 0.0;  // c: a scaled product s counts as c tanh(s / c); 0: as s
  int64_t window = 0;     // a token reads itself and the window - 1 positions before it; 0: all before it

  bool operator==(const AttentionSettings&) const = default;
};

}  // namespace drover::model
