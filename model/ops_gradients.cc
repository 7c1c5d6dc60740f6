#include "model/ops_gradients.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>

#include "base/check.h"
#include "model/attention_gradients.h"
#include "model/ops_cpu.h"

namespace drover::model::ops::with_gradients {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

torch::Tensor Flat(const torch::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

// Whether a gradient of `leaf` may be added where its .grad lies, in place of being handed to autograd, which would add it
// there: then no tensor of the weight's size is made for it.
bool Gathers(const torch::Tensor& leaf) {
  return leaf.is_leaf() && leaf.grad().defined() && leaf.grad().scalar_type() == at::kFloat &&
         leaf.grad().is_contiguous() && torch::autograd::impl::post_acc_grad_hooks(leaf) == nullptr;
}

constexpr int64_t kProductElements = int64_t{4} << 20;  // of a gradient, at a time: what malloc keeps

// sum += gradient^T x, some rows of it at a time.
void AddOuter(const torch::Tensor& sum, const torch::Tensor& gradient, const torch::Tensor& x) {
  if (x.scalar_type() == at::kFloat) {
    sum.addmm_(gradient.t(), x);
    return;
  }
  const int64_t rows = std::max<int64_t>(1, kProductElements / sum.size(1));
  for (int64_t begin = 0; begin < sum.size(0); begin += rows) {
    const int64_t count = std::min(rows, sum.size(0) - begin);
    cpu_path::AddTo(sum.narrow(0, begin, count), at::mm(gradient.narrow(1, begin, count).t(), x));
  }
}

// y = x W^T + b. Products of the gradients are taken in x's dtype, as the forward's are.
//
// With an adapter W = V + s B A, V frozen: dA = s (dy B)^T x and dB = s dy^T (x A^T), by way of the rank, so that no gradient
// of W is made; dx = dy V + s (dy B) A, of the W that is not rounded, so that no W is kept.
struct LinearFunction : Function<LinearFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x, const torch::Tensor& weight,
                               const torch::Tensor& bias, const torch::Tensor& a, const torch::Tensor& b,
                               const LinearWeights& linear, torch::ScalarType out) {
    context->save_for_backward({x, weight, a, b});
    context->saved_data["bias"] = bias.numel() > 0;  // LibTorch takes no undefined tensor here
    context->saved_data["scale"] = linear.adapters.empty() ? 0.0 : linear.adapters[0].scale;
    return cpu_path::Linear(x, linear, out);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor& x = saved[0];
    const torch::Tensor& weight = saved[1];
    const torch::ScalarType dtype = x.scalar_type();
    const torch::Tensor gradient = Flat(gradients[0]).to(dtype);
    torch::Tensor of_x, of_weight, of_bias, of_a, of_b;
    if (context->needs_input_grad(0)) of_x = at::mm(gradient, weight.to(dtype));
    if (context->needs_input_grad(1) && Gathers(weight)) {
      AddOuter(weight.grad(), gradient, Flat(x));
    } else if (context->needs_input_grad(1)) {
      of_weight = at::mm(gradient.t(), Flat(x)).to(weight.scalar_type());
    }
    if (context->saved_data["bias"].toBool()) of_bias = Flat(gradients[0]).to(at::kFloat).sum(0);
    if (saved[2].numel() > 0) {
      const double scale = context->saved_data["scale"].toDouble();
      const torch::Tensor a = saved[2].to(dtype), b = (saved[3] * scale).to(dtype);
      const torch::Tensor in_rank = at::mm(gradient, b);
      if (of_x.defined()) of_x.addmm_(in_rank, a);
      of_a = at::mm(in_rank.t(), Flat(x)).to(at::kFloat);
      of_b = at::mm(gradient.t(), at::mm(Flat(x), a.t())).to(at::kFloat) * scale;
    }
    if (of_x.defined()) of_x = of_x.view(x.sizes());
    return {of_x, of_weight, of_bias, of_a, of_b, {}, {}};
  }
};

struct NormFunction : Function<NormFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x, const torch::Tensor& factors,
                               double eps, torch::ScalarType out) {
    context->save_for_backward({x, factors});
    context->saved_data["eps"] = eps;
    return cpu_path::Norm(x, factors, eps, out);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const cpu_path::NormGradients of =
        cpu_path::NormBackward(saved[0], saved[1], context->saved_data["eps"].toDouble(), gradients[0]);
    return {of.x, of.factors_float32, {}, {}};
  }
};

// Rotations: the gradient is rotated back.
struct RotateFunction : Function<RotateFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& heads,
                               const RopeAngles& angles) {
    context->saved_data["cos"] = angles.cos;
    context->saved_data["sin"] = angles.sin;
    return cpu_path::Rotate(heads, angles, /*backward=*/false);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const RopeAngles angles{context->saved_data["cos"].toTensor(), context->saved_data["sin"].toTensor()};
    return {cpu_path::Rotate(gradients[0], angles, /*backward=*/true), {}};
  }
};

struct GateFunction : Function<GateFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& gate, const torch::Tensor& up,
                               Activation activation) {
    context->save_for_backward({gate, up});
    context->saved_data["gelu"] = activation == Activation::kGeluTanh;
    return cpu_path::GatedActivation(gate, up, activation);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Activation activation =
        context->saved_data["gelu"].toBool() ? Activation::kGeluTanh : Activation::kSilu;
    const cpu_path::GateGradients of = cpu_path::GateBackward(saved[0], saved[1], activation, gradients[0]);
    return {of.gate, of.up, {}};
  }
};

struct AttentionFunction : Function<AttentionFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& query, const torch::Tensor& key,
                               const torch::Tensor& value, const Sequences& sequences,
                               const AttentionSettings& settings) {
    const torch::Tensor out = cpu_path::SequenceAttention(query, key, value, *sequences.pages(), settings);
    context->save_for_backward({query, key, value, out});
    std::vector<int64_t> segments;
    for (const Segment& s : sequences.segments()) {
      segments.insert(segments.end(), {s.begin, s.tokens, s.prefix_begin, s.prefix});
    }
    context->saved_data["segments"] = segments;
    context->saved_data["scale"] = settings.scale;
    context->saved_data["soft_cap"] = settings.soft_cap;
    context->saved_data["window"] = settings.window;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<int64_t> numbers = context->saved_data["segments"].toIntVector();
    std::vector<Segment> segments;
    for (size_t i = 0; i < numbers.size(); i += 4) {
      segments.push_back({numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]});
    }
    const AttentionSettings settings{context->saved_data["scale"].toDouble(),
                                     context->saved_data["soft_cap"].toDouble(),
                                     context->saved_data["window"].toInt()};
    const AttentionGradients of =
        AttentionBackward({saved[0], saved[1], saved[2], saved[3], gradients[0]}, segments, settings);
    return {of.query, of.key, of.value, {}, {}};
  }
};

// d log p(target) / d logits = (1 at the target - p) / temperature. The logits are all that is kept for it, and where they
// are no leaf it takes their memory: nothing reads them behind the backward pass.
struct ScoreFunction : Function<ScoreFunction> {
  static variable_list forward(AutogradContext* context, const torch::Tensor& logits,
                               const torch::Tensor& targets, double temperature, bool entropy) {
    context->save_for_backward({logits, targets});
    context->saved_data["temperature"] = temperature;
    const TokenScores scores = cpu_path::ScoreTokens(logits, targets, temperature, entropy);
    if (!entropy) return {scores.logprobs_R};
    context->mark_non_differentiable({scores.entropy_R});
    return {scores.logprobs_R, scores.entropy_R};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor logits = saved[0].detach();
    const bool taken = !saved[0].is_leaf() && logits.is_contiguous();
    const torch::Tensor of_logits = taken ? logits : at::empty(logits.sizes(), at::TensorOptions(at::kFloat));
    cpu_path::ScoreGradient(logits, saved[1], context->saved_data["temperature"].toDouble(), gradients[0],
                            of_logits);
    return {of_logits, {}, {}, {}};
  }
};

// Rows of a table, rounded.
struct EmbedFunction : Function<EmbedFunction> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& table, const torch::Tensor& ids,
                               torch::ScalarType dtype) {
    context->save_for_backward({table, ids});
    return at::embedding(table, ids).to(dtype).to(at::kFloat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const torch::Tensor& table = saved[0];
    const torch::Tensor sum =
        Gathers(table) ? table.grad() : at::zeros(table.sizes(), at::TensorOptions(at::kFloat));
    sum.index_add_(0, saved[1].flatten(), Flat(gradients[0]).to(at::kFloat));
    return {Gathers(table) ? torch::Tensor() : sum.to(table.scalar_type()), {}, {}};
  }
};

}  // namespace

torch::Tensor Embed(const torch::Tensor& ids, const torch::Tensor& table_VD, torch::ScalarType dtype) {
  return EmbedFunction::apply(table_VD, ids, dtype);
}

torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear, torch::ScalarType out) {
  const torch::Tensor none = at::empty({0}, at::TensorOptions(at::kFloat));
  const torch::Tensor bias = linear.bias.defined() ? linear.bias : none;
  DROVER_CHECK(linear.adapters.size() <= 1);  // fused weights are not trained
  const Adapter adapter = linear.adapters.empty() ? Adapter{none, none} : linear.adapters[0];
  return LinearFunction::apply(x, linear.weight, bias, adapter.a, adapter.b, linear, out);
}

torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& factors_float32, double eps,
                   torch::ScalarType out) {
  return NormFunction::apply(x, factors_float32, eps, out);
}

torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles) {
  return RotateFunction::apply(heads, angles);
}

torch::Tensor GatedActivation(const torch::Tensor& gate, const torch::Tensor& up, Activation activation) {
  return GateFunction::apply(gate, up, activation);
}

torch::Tensor SequenceAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                                const torch::Tensor& value_NKd, const Sequences& sequences,
                                const AttentionSettings& settings) {
  return AttentionFunction::apply(query_NHd, key_NKd, value_NKd, sequences, settings);
}

TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy) {
  const variable_list scores = ScoreFunction::apply(logits_RV, targets_R, temperature, entropy);
  return {scores[0], entropy ? scores[1] : torch::Tensor()};
}

}  // namespace drover::model::ops::with_gradients
