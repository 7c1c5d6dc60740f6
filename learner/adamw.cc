#include "learner/adamw.h"

#include <ATen/ATen.h>

namespace drover::learner {

AdamW::AdamW(std::vector<torch::Tensor> parameters, const AdamWOptions& options)
    : options_(options), parameters_(std::move(parameters)) {
  for (const torch::Tensor& parameter : parameters_) {
    const torch::Tensor plain = parameter.detach();
    first_moments_.push_back(at::zeros_like(plain));
    second_moments_.push_back(at::zeros_like(plain));
    step_tensors_.push_back(at::zeros({}, plain.options()));
  }
}

void AdamW::Step(const std::vector<torch::Tensor>& gradients, double learning_rate) {
  ++steps_;
  if (parameters_.empty()) return;
  at::NoGradGuard no_grad;
  if (learning_rate == 0.0) return UpdateMoments(gradients);
  for (torch::Tensor& step : step_tensors_) step.fill_(static_cast<double>(steps_));
  std::vector<torch::Tensor> weights;
  for (const torch::Tensor& parameter : parameters_) weights.push_back(parameter.detach());
  at::_fused_adamw_(weights, gradients, first_moments_, second_moments_, /*max_exp_avg_sqs=*/{},
                    step_tensors_, learning_rate, options_.beta1, options_.beta2, options_.weight_decay,
                    options_.epsilon,
                    /*amsgrad=*/false, /*maximize=*/false);
  // The fused update counts no change of what it changes, and packed weights go by that count (model/packed_weight.h).
  for (const torch::Tensor& weight : weights) weight.unsafeGetTensorImpl()->bump_version();
}

void AdamW::UpdateMoments(const std::vector<torch::Tensor>& gradients) {
  for (size_t i = 0; i < gradients.size(); ++i) {
    first_moments_[i].lerp_(gradients[i], 1 - options_.beta1);
    second_moments_[i].mul_(options_.beta2).addcmul_(gradients[i], gradients[i], 1 - options_.beta2);
  }
}

void AdamW::Reset() {
  at::NoGradGuard no_grad;
  for (torch::Tensor& moment : first_moments_) moment.zero_();
  for (torch::Tensor& moment : second_moments_) moment.zero_();
  steps_ = 0;
}

}  // namespace drover::learner
