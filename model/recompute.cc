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
  explicit Kept(ForwardPiece given) : piece(std::move(given)) {}
  const ForwardPiece piece;
};

struct RecomputedFunction : torch::autograd::Function<RecomputedFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x, ForwardPiece piece) {
    context->save_for_backward({x});
    torch::Tensor y = piece(x.clone());
    context->saved_data["piece"] = c10::IValue::make_capsule(c10::make_intrusive<Kept>(std::move(piece)));
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto kept = context->saved_data["piece"].toCapsule();
    const torch::Tensor x = context->get_saved_variables()[0].detach().requires_grad_();
    {
      at::AutoGradMode gradients_wanted(true);
      const torch::Tensor y = static_cast<const Kept&>(*kept).piece(x);
      torch::autograd::backward({y},
                                {gradients[0]});  // adds to the weights' .grad, as the pass around it does
    }
    return {x.grad(), {}};
  }
};

}  // namespace

torch::Tensor Recomputed(const torch::Tensor& x, ForwardPiece piece) {
  return RecomputedFunction::apply(x, std::move(piece));
}

}  // namespace drover::model
