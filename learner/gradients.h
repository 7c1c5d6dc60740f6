// The gradients of all weights as one flat float32 buffer: autograd adds into it, one all-reduce sums it over the
// ranks, one norm clips it.
#pragma once

#include <torch/types.h>

#include <vector>

namespace drover::learner {

// Not thread-safe. While it lives, the .grad of each parameter is a view into it.
class GradientBucket {
 public:
  // `parameters` are float32 leaves on one device.
  explicit GradientBucket(const std::vector<torch::Tensor>& parameters);

  void Zero();
  // All gradients, [elements].
  torch::Tensor flat() const { return flat_; }
  // One per parameter, in their order and shapes.
  const std::vector<torch::Tensor>& views() const { return views_; }

  // The 2-norm over all elements; not finite if one of them is not.
  double Norm() const;
  // Scales all by min(1, max_norm / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ does. 0: does nothing.
  void Clip(double norm, double max_norm);

 private:
  torch::Tensor flat_;
  std::vector<torch::Tensor> views_;
};

}  // namespace drover::learner
