#include "learner/adamw.h"

#include <ATen/ATen.h>

#include <map>
#include <utility>

#include "base/check.h"

namespace drover::learner {

namespace {

std::vector<torch::Tensor> Chosen(const std::vector<torch::Tensor>& tensors,
                                  const std::vector<size_t>& which) {
  std::vector<torch::Tensor> chosen;
  for (const size_t i : which) chosen.push_back(tensors[i]);
  return chosen;
}

}  // namespace

AdamW::AdamW(std::vector<torch::Tensor> parameters, const AdamWOptions& options,
             const std::vector<double>& rate_scales)
    : options_(options), parameters_(std::move(parameters)) {
  for (const torch::Tensor& parameter : parameters_) {
    const torch::Tensor plain = parameter.detach();
    first_moments_.push_back(at::zeros_like(plain));
    second_moments_.push_back(at::zeros_like(plain));
    step_tensors_.push_back(at::zeros({}, plain.options()));
  }
  DROVER_CHECK(rate_scales.empty() || rate_scales.size() == parameters_.size());
  std::map<double, std::vector<size_t>> by_scale;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    by_scale[rate_scales.empty() ? 1.0 : rate_scales[i]].push_back(i);
  }
  for (auto& [scale, which] : by_scale) groups_.push_back({scale, std::move(which)});
}

void AdamW::Step(const std::vector<torch::Tensor>& gradients, double learning_rate) {
  ++steps_;
  if (parameters_.empty()) return;
  at::NoGradGuard no_grad;
  if (learning_rate == 0.0) return UpdateMoments(gradients);
  for (torch::Tensor& step : step_tensors_) step.fill_(static_cast<double>(steps_));
  for (const RateGroup& group : groups_) StepGroup(group, gradients, learning_rate);
}

void AdamW::StepGroup(const RateGroup& group, const std::vector<torch::Tensor>& gradients,
                      double learning_rate) {
  std::vector<torch::Tensor> weights;
  for (const size_t i : group.parameters) weights.push_back(parameters_[i].detach());
  at::_fused_adamw_(weights, Chosen(gradients, group.parameters), Chosen(first_moments_, group.parameters),
                    Chosen(second_moments_, group.parameters), /*max_exp_avg_sqs=*/{},
                    Chosen(step_tensors_, group.parameters), group.scale * learning_rate, options_.beta1,
                    options_.beta2, options_.weight_decay, options_.epsilon,
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
