#include "model/ops.h"

#include <ATen/ATen.h>

#include "model/ops_cpu.h"
#include "model/ops_gradients.h"

namespace drover::model::ops {
namespace {

bool WantsGradient(const torch::Tensor& a, const torch::Tensor& b) {
  return at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad());
}

bool WantsGradient(const torch::Tensor& x, const LinearWeights& linear) {
  if (WantsGradient(x, linear.weight)) return true;
  return !linear.adapters.empty() && WantsGradient(linear.adapters[0].a, linear.adapters[0].b);
}

// In `dtype`, merged where there are adapters: for LibTorch's products.
torch::Tensor PlainWeight(const LinearWeights& linear, torch::ScalarType dtype) {
  if (linear.adapters.empty()) return linear.weight.to(dtype);
  if (linear.packed == nullptr || WantsGradient(linear.weight, linear)) {
    return Merged(linear.weight, linear.adapters, dtype);
  }
  return linear.packed->Merged(linear.weight, linear.adapters, dtype);
}

}  // namespace

// w + (round(w) - w) is round(w) exactly: the difference of two close numbers is exact, and so is that sum.
torch::Tensor Rounded(const torch::Tensor& weight, torch::ScalarType dtype) {
  if (weight.scalar_type() == dtype) return weight.to(at::kFloat);
  return weight + (weight.detach().to(dtype).to(at::kFloat) - weight.detach());
}

torch::Tensor Embed(const torch::Tensor& ids, const torch::Tensor& table_VD, double scale,
                    torch::ScalarType dtype) {
  const bool on_cpu = cpu_path::Takes(table_VD) && at::GradMode::is_enabled() && table_VD.requires_grad();
  const torch::Tensor rows =
      on_cpu ? with_gradients::Embed(ids, table_VD, dtype) : Rounded(at::embedding(table_VD, ids), dtype);
  if (scale == 1.0) return rows;
  return rows * (dtype == at::kBFloat16 ? static_cast<float>(c10::BFloat16(scale)) : scale);
}

bool RowsStandAlone(const torch::Tensor& tensor) { return cpu_path::Takes(tensor); }

torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear, torch::ScalarType out) {
  if (cpu_path::Takes(x)) {
    return WantsGradient(x, linear) ? with_gradients::Linear(x, linear, out)
                                    : cpu_path::Linear(x, linear, out);
  }
  const torch::ScalarType dtype = x.scalar_type();
  const torch::Tensor weight = PlainWeight(linear, dtype);
  return linear.bias.defined() ? at::linear(x, weight, linear.bias.to(dtype)) : at::linear(x, weight);
}

torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& weight, const NormSettings& settings,
                   torch::ScalarType dtype, torch::ScalarType out) {
  torch::Tensor factors = Rounded(weight, dtype);
  if (settings.offset != 0.0) factors = factors + settings.offset;
  if (cpu_path::Takes(x)) {
    return WantsGradient(x, weight) ? with_gradients::Norm(x, factors, settings.eps, out)
                                    : cpu_path::Norm(x, factors, settings.eps, out);
  }
  const torch::Tensor wide = x.to(at::kFloat);
  const torch::Tensor scale = at::rsqrt(at::mean(wide * wide, /*dim=*/{-1}, /*keepdim=*/true) + settings.eps);
  return (wide * scale * factors).to(out);
}

torch::Tensor GatedActivation(const torch::Tensor& gate, const torch::Tensor& up, Activation activation) {
  if (cpu_path::Takes(gate)) {
    return WantsGradient(gate, up) ? with_gradients::GatedActivation(gate, up, activation)
                                   : cpu_path::GatedActivation(gate, up, activation);
  }
  return (activation == Activation::kGeluTanh ? at::gelu(gate, "tanh") : at::silu(gate)) * up;
}

torch::Tensor AddResidual(torch::Tensor& x, const torch::Tensor& update) {
  return at::GradMode::is_enabled() ? x + update : x.add_(update);
}

torch::Tensor AddLinear(torch::Tensor& x, const torch::Tensor& in, const LinearWeights& linear) {
  if (cpu_path::Takes(in) && !at::GradMode::is_enabled()) {
    cpu_path::AddLinear(x, in, linear);
    return x;
  }
  return AddResidual(x, Linear(in, linear, at::kFloat));
}

torch::Tensor Logits(const torch::Tensor& hidden_ND, const LinearWeights& head, double soft_cap,
                     torch::ScalarType dtype) {
  torch::Tensor products_NV;
  if (cpu_path::Takes(hidden_ND)) {
    products_NV = Linear(hidden_ND.to(dtype), head, at::kFloat);
  } else if (head.packed != nullptr && !head.weight.requires_grad()) {
    products_NV = at::linear(hidden_ND, head.packed->Wide(head.weight));
  } else {
    products_NV = at::linear(hidden_ND, Rounded(head.weight, dtype));
  }
  return soft_cap == 0.0 ? products_NV : at::tanh(products_NV / soft_cap) * soft_cap;
}

RopeAngles MakeRopeAngles(const torch::Tensor& frequencies, double scale, const torch::Tensor& positions) {
  if (positions.device().is_cpu()) return cpu_path::MakeRopeAngles(frequencies, scale, positions);
  const torch::Tensor angles = positions.to(at::kFloat).unsqueeze(-1).unsqueeze(-1) * frequencies;
  torch::Tensor cos = angles.cos();
  torch::Tensor sin = angles.sin();
  if (scale != 1.0) {
    cos = cos * scale;
    sin = sin * scale;
  }
  return {at::cat({cos, cos}, -1), at::cat({-sin, sin}, -1)};
}

torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles, torch::ScalarType dtype) {
  if (cpu_path::Takes(heads)) {
    const torch::Tensor x = heads.to(dtype);
    return WantsGradient(x, x) ? with_gradients::Rotate(x, angles)
                               : cpu_path::Rotate(x, angles, /*backward=*/false);
  }
  const int64_t rotated = angles.cos.size(-1);
  const int64_t half = rotated / 2;
  const torch::Tensor x = heads.narrow(-1, 0, rotated).to(at::kFloat);
  const torch::Tensor swapped = at::cat({x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
  const torch::Tensor turned = at::addcmul(x * angles.cos, swapped, angles.sin).to(dtype);
  const int64_t kept = heads.size(-1) - rotated;
  return kept == 0 ? turned : at::cat({turned, heads.narrow(-1, rotated, kept).to(dtype)}, -1);
}

}  // namespace drover::model::ops
