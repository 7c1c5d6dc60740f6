#include "model/recompute.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <utility>

namespace drover::model {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Kept : torch::CustomClassHolder {
  Kept(ForwardPiece given, HoldForUse given_hold) : piece(std::move(given)), hold(std::move(given_hold)) {}
  std::shared_ptr<void> Hold(LayerUse use) const { return hold ? hold(use) : nullptr; }
  const ForwardPiece piece;
  const HoldForUse hold;
};

struct RecomputedFunction : torch::autograd::Function<RecomputedFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x, ForwardPiece piece,
                               HoldForUse hold) {
    context->save_for_backward({x});
    const auto kept = c10::make_intrusive<Kept>(std::move(piece), std::move(hold));
    context->saved_data["piece"] = c10::IValue::make_capsule(kept);
    const std::shared_ptr<void> held = kept->Hold(LayerUse::kForward);
    return kept->piece(x.clone());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto kept = context->saved_data["piece"].toCapsule();
    const torch::Tensor x = context->get_saved_variables()[0].detach().requires_grad_();
    {
      at::AutoGradMode gradients_wanted(true);
      const Kept& again = static_cast<const Kept&>(*kept);
      const std::shared_ptr<void> held = again.Hold(LayerUse::kBackward);
      const torch::Tensor y = again.piece(x);
      torch::autograd::backward({y},
                                {gradients[0]});  // adds to the weights' .grad, as the pass around it does
    }
    return {x.grad(), {}, {}};
  }
};

}  // namespace

torch::Tensor Recomputed(const torch::Tensor& x, ForwardPiece piece, HoldForUse hold) {
  return RecomputedFunction::apply(x, std::move(piece), std::move(hold));
}

}  // namespace drover::model
