// Weights that are not always there: for a model of which a rank holds a part (learner/weight_shards.h).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace drover::model {

// What a layer's weights are read for.
enum class LayerUse { kForward, kBackward };

// Who brings a layer's weights and takes them away. A pass calls, of each layer in turn,
//
//   forward pass    BeginLayer(0, kForward)  EndLayer(0, kForward)  BeginLayer(1, kForward) ...
//   backward pass   ... BeginLayer(1, kBackward)  EndLayer(1, kBackward)  BeginLayer(0, kBackward)  EndLayer(0, kBackward)
//
// and reads the layer's weights between the two alone. Between a kBackward's it computes the layer again and adds to its
// weights' gradients. What is of no layer (embedding, last norm, head) is read at any time of a pass. Errors have no way
// out of a pass: who implements this keeps them.
class LayerWeights {
 public:
  virtual ~LayerWeights() = default;
  virtual void BeginLayer(int64_t layer, LayerUse use) = 0;
  virtual void EndLayer(int64_t layer, LayerUse use) = 0;
};

// Writes the values that a weight begins with into `into`, of its shape, float32 or the model's dtype.
using WeightSource = std::function<absl::Status(const std::string& name, const torch::Tensor& into)>;

}  // namespace drover::model
