// AdamW (Loshchilov & Hutter, 2019), as torch.optim.AdamW computes it, with state that can be saved by name.
//
//   m <- b1 m + (1 - b1) g              v <- b2 v + (1 - b2) g^2
//   w <- w (1 - lr wd)                  w <- w - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace drover::learner {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
};

// Over float32 parameters whose gradients are held by someone else. Not thread-safe.
class AdamW {
 public:
  // `rate_scales`: what the learning rate is multiplied by, one per parameter; empty: all 1.
  AdamW(std::vector<torch::Tensor> parameters, const AdamWOptions& options,
        const std::vector<double>& rate_scales = {});

  // One step with `gradients` (one per parameter, same shapes). With a learning rate of 0 the moments move and the step
  // counts, as torch's do, but no weight is touched, so that all stay the same to the bit.
  void Step(const std::vector<torch::Tensor>& gradients, double learning_rate);

  // Moments to zero, step count to 0.
  void Reset();

  // One per parameter, in the parameters' order; writable.
  const std::vector<torch::Tensor>& first_moments() const { return first_moments_; }
  const std::vector<torch::Tensor>& second_moments() const { return second_moments_; }
  uint64_t steps() const { return steps_; }
  void set_steps(uint64_t steps) { steps_ = steps; }

 private:
  // Parameters of one rate.
  struct RateGroup {
    double scale = 1.0;
    std::vector<size_t> parameters;
  };
  void StepGroup(const RateGroup& group, const std::vector<torch::Tensor>& gradients, double learning_rate);
  void UpdateMoments(const std::vector<torch::Tensor>& gradients);

  AdamWOptions options_;
  std::vector<torch::Tensor> parameters_;
  std::vector<torch::Tensor> first_moments_;
  std::vector<torch::Tensor> second_moments_;
  std::vector<torch::Tensor> step_tensors_;  // one per parameter: what the fused kernel reads
  std::vector<RateGroup> groups_;            // by scale
  uint64_t steps_ = 0;
};

}  // namespace drover::learner
