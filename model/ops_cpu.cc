#include "model/ops_cpu.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>

#include <cmath>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/kernels/cpu/attention.h"
#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/packed_matrix.h"
#include "model/kernels/cpu/pool.h"
#include "model/kernels/cpu/rows.h"
#include "model/packed_weight.h"

namespace drover::model::ops::cpu_path {
namespace {

// A tensor as rows of its last dimensions, which lie together; `held` is a copy where the tensor's own do not.
struct RowView {
  torch::Tensor held;
  int64_t rows = 1;
  int64_t stride = 0;  // elements
  int64_t width = 1;

  const void* data() const { return held.const_data_ptr(); }
};

// Whether the last `inner` dimensions lie together, and the others step evenly.
bool IsRows(const torch::Tensor& tensor, int64_t inner) {
  const int64_t dims = tensor.dim();
  int64_t together = 1;
  for (int64_t d = dims - 1; d >= dims - inner; --d) {
    if (tensor.size(d) > 1 && tensor.stride(d) != together) return false;
    together *= tensor.size(d);
  }
  for (int64_t d = dims - inner - 2; d >= 0; --d) {
    if (tensor.size(d) > 1 && tensor.stride(d) != tensor.stride(d + 1) * tensor.size(d + 1)) return false;
  }
  return true;
}

RowView ViewRows(const torch::Tensor& tensor, int64_t inner) {
  RowView view;
  view.held = IsRows(tensor, inner) ? tensor : tensor.contiguous();
  const int64_t leading = tensor.dim() - inner;
  for (int64_t d = 0; d < leading; ++d) view.rows *= tensor.size(d);
  for (int64_t d = leading; d < tensor.dim(); ++d) view.width *= tensor.size(d);
  view.stride = leading > 0 ? view.held.stride(leading - 1) : view.width;
  // A dimension of size 1 may have any stride: then the rows step as the nearest larger one does.
  for (int64_t d = leading - 1; d >= 0 && view.held.size(d) == 1; --d) {
    view.stride = d > 0 ? view.held.stride(d - 1) : view.width;
  }
  return view;
}

// Both with rows at the same steps.
std::pair<RowView, RowView> ViewPair(const torch::Tensor& a, const torch::Tensor& b) {
  const RowView of_a = ViewRows(a, 1);
  const RowView of_b = ViewRows(b, 1);
  if (of_a.stride == of_b.stride) return {of_a, of_b};
  return {ViewRows(a.contiguous(), 1), ViewRows(b.contiguous(), 1)};
}

cpu::Gating GatingOf(Activation activation) {
  return activation == Activation::kSilu ? cpu::Gating::kSilu : cpu::Gating::kGeluTanh;
}

torch::Tensor Empty(std::vector<int64_t> shape, torch::ScalarType dtype) {
  return at::empty(shape, at::TensorOptions(dtype));
}

std::vector<int64_t> WithLast(const torch::Tensor& tensor, int64_t last) {
  std::vector<int64_t> shape = tensor.sizes().vec();
  shape.back() = last;
  return shape;
}

cpu::LinearCall CallOf(const RowView& x) {
  cpu::LinearCall call;
  call.x = x.data();
  call.x_stride = x.stride;
  call.rows = x.rows;
  return call;
}

// float32 numbers of the bias, rounded as the weights are; undefined without one.
torch::Tensor BiasOf(const LinearWeights& linear, torch::ScalarType dtype) {
  return linear.bias.defined() ? linear.bias.detach().to(dtype).to(at::kFloat) : torch::Tensor();
}

void Run(const RowView& x, const LinearWeights& linear, torch::ScalarType dtype, cpu::LinearCall call) {
  const torch::Tensor bias = BiasOf(linear, dtype);
  if (bias.defined()) call.bias = bias.const_data_ptr<float>();
  PackedWeight once;
  PackedWeight& packed = linear.packed != nullptr ? *linear.packed : once;
  const cpu::PackedMatrix& weight = packed.Of(linear.weight, linear.adapters, dtype);
  RECORD_USER_SCOPE_WITH_INPUTS(kLinearProduct,
                                std::vector<c10::IValue>({call.rows, weight.rows(), weight.depth()}));
  cpu::Linear(weight, call);
}

// Rows of logits, each with a token: shared out among the pool's threads.
class ScoreRows {
 public:
  ScoreRows(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature)
      : logits_(ViewRows(logits_RV, 1)), targets_(targets_R.contiguous()), temperature_(temperature) {}

  int64_t count() const { return logits_.rows; }

  template <typename Work>
  void ForEach(const Work& work) const {
    cpu::ComputePool().Run(count(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        cpu::ScoreRow row;
        row.logits = static_cast<const float*>(logits_.data()) + r * logits_.stride;
        row.vocabulary = logits_.width;
        row.temperature = static_cast<float>(temperature_);
        row.target = targets_.const_data_ptr<int64_t>()[r];
        DROVER_CHECK(row.target >= 0 && row.target < row.vocabulary);
        work(r, row);
      }
    });
  }

 private:
  const RowView logits_;
  const torch::Tensor targets_;
  const double temperature_;
};

}  // namespace

int64_t PageElements(int64_t key_heads, int64_t head_dim) {
  return key_heads * cpu::ValuePageElements(head_dim);
}

bool Takes(const torch::Tensor& tensor) {
  return tensor.device().is_cpu() &&
         (tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16);
}

torch::Tensor Linear(const torch::Tensor& x, const LinearWeights& linear, torch::ScalarType out) {
  const int64_t outputs = linear.weight.size(0);
  const torch::Tensor result = Empty(WithLast(x, outputs), out);
  const RowView rows = ViewRows(x, 1);
  cpu::LinearCall call = CallOf(rows);
  call.output = out == x.scalar_type() ? cpu::Output::kSame : cpu::Output::kFloat32;
  DROVER_CHECK(out == x.scalar_type() || out == at::kFloat);
  call.out = result.mutable_data_ptr();
  call.out_stride = outputs;
  Run(rows, linear, x.scalar_type(), call);
  return result;
}

void AddLinear(const torch::Tensor& x_float32, const torch::Tensor& in, const LinearWeights& linear) {
  DROVER_CHECK(x_float32.is_contiguous() && x_float32.scalar_type() == at::kFloat);
  const RowView rows = ViewRows(in, 1);
  cpu::LinearCall call = CallOf(rows);
  call.output = cpu::Output::kAdd;
  call.out = x_float32.mutable_data_ptr();
  call.out_stride = linear.weight.size(0);
  Run(rows, linear, in.scalar_type(), call);
}

torch::Tensor Norm(const torch::Tensor& x, const torch::Tensor& factors_float32, double eps,
                   torch::ScalarType out) {
  const torch::Tensor result = Empty(x.sizes().vec(), out);
  const RowView rows = ViewRows(x.to(at::kFloat), 1);
  const torch::Tensor factors = factors_float32.contiguous();
  cpu::NormRows call;
  call.x = static_cast<const float*>(rows.data());
  call.x_stride = rows.stride;
  call.rows = rows.rows;
  call.width = rows.width;
  call.weight = factors.const_data_ptr<float>();
  call.eps = eps;
  call.out = result.mutable_data_ptr();
  call.out_stride = rows.width;
  cpu::Norm(ElementOf(out), call);
  return result;
}

// The angle is rounded to float32, as the published models' were; its cosine and sine are exact to their last bit,
// whatever is computed beside them.
RopeAngles MakeRopeAngles(const torch::Tensor& frequencies, double scale, const torch::Tensor& positions) {
  const torch::Tensor frequency = frequencies.contiguous();
  const torch::Tensor position = positions.contiguous();
  const int64_t half = frequency.size(0);
  std::vector<int64_t> shape = positions.sizes().vec();
  shape.push_back(half);
  const RopeAngles angles{Empty(shape, at::kFloat), Empty(shape, at::kFloat)};
  float* cos = angles.cos.mutable_data_ptr<float>();
  float* sin = angles.sin.mutable_data_ptr<float>();
  for (int64_t n = 0; n < position.numel(); ++n) {
    for (int64_t i = 0; i < half; ++i) {
      const float angle =
          static_cast<float>(position.const_data_ptr<int64_t>()[n]) * frequency.const_data_ptr<float>()[i];
      *cos++ = static_cast<float>(std::cos(static_cast<double>(angle)) * scale);
      *sin++ = static_cast<float>(std::sin(static_cast<double>(angle)) * scale);
    }
  }
  return angles;
}

torch::Tensor Rotate(const torch::Tensor& heads, const RopeAngles& angles, bool backward) {
  const torch::Tensor result = Empty(heads.sizes().vec(), heads.scalar_type());
  const torch::Tensor sin = backward ? angles.sin.neg() : angles.sin;
  const RowView rows = ViewRows(heads, 2);
  DROVER_CHECK(angles.cos.numel() == rows.rows * angles.cos.size(-1));
  cpu::RotateRows call;
  call.x = rows.data();
  call.x_stride = rows.stride;
  call.rows = rows.rows;
  call.heads = heads.size(-2);
  call.head_dim = heads.size(-1);
  call.rotated = 2 * angles.cos.size(-1);
  call.cos = angles.cos.const_data_ptr<float>();
  call.sin = sin.const_data_ptr<float>();
  call.out = result.mutable_data_ptr();
  call.out_stride = rows.width;
  cpu::Rotate(ElementOf(heads.scalar_type()), call);
  return result;
}

torch::Tensor GatedActivation(const torch::Tensor& gate, const torch::Tensor& up, Activation activation) {
  const torch::Tensor result = Empty(gate.sizes().vec(), gate.scalar_type());
  const auto [gates, ups] = ViewPair(gate, up);
  cpu::GateRows call;
  call.gate = gates.data();
  call.up = ups.data();
  call.x_stride = gates.stride;
  call.rows = gates.rows;
  call.width = gates.width;
  call.activation = GatingOf(activation);
  call.out = result.mutable_data_ptr();
  call.out_stride = gates.width;
  cpu::Gate(ElementOf(gate.scalar_type()), call);
  return result;
}

NormGradients NormBackward(const torch::Tensor& x, const torch::Tensor& factors_float32, double eps,
                           const torch::Tensor& gradient) {
  const torch::Tensor of_x = Empty(x.sizes().vec(), at::kFloat);
  const torch::Tensor of_factors = Empty({x.size(-1)}, at::kFloat);
  const RowView rows = ViewRows(x.to(at::kFloat), 1);
  const RowView gradients = ViewRows(gradient, 1);
  const torch::Tensor factors = factors_float32.contiguous();
  cpu::NormBackwardRows call;
  call.x = static_cast<const float*>(rows.data());
  call.x_stride = rows.stride;
  call.rows = rows.rows;
  call.width = rows.width;
  call.weight = factors.const_data_ptr<float>();
  call.eps = eps;
  call.gradient = gradients.data();
  call.gradient_stride = gradients.stride;
  call.of_x = of_x.mutable_data_ptr<float>();
  call.of_weight = of_factors.mutable_data_ptr<float>();
  cpu::NormBackward(ElementOf(gradient.scalar_type()), call);
  return {of_x.to(x.scalar_type()), of_factors};
}

GateGradients GateBackward(const torch::Tensor& gate, const torch::Tensor& up, Activation activation,
                           const torch::Tensor& gradient) {
  const GateGradients of = {Empty(gate.sizes().vec(), gate.scalar_type()),
                            Empty(gate.sizes().vec(), gate.scalar_type())};
  const auto [gates, ups] = ViewPair(gate, up);
  const RowView gradients = ViewRows(gradient, 1);
  DROVER_CHECK(gradient.scalar_type() == gate.scalar_type());
  cpu::GateBackwardRows call;
  call.gate = gates.data();
  call.up = ups.data();
  call.x_stride = gates.stride;
  call.rows = gates.rows;
  call.width = gates.width;
  call.activation = GatingOf(activation);
  call.gradient = gradients.data();
  call.gradient_stride = gradients.stride;
  call.of_gate = of.gate.mutable_data_ptr();
  call.of_up = of.up.mutable_data_ptr();
  cpu::GateBackward(ElementOf(gate.scalar_type()), call);
  return of;
}

void AddTo(const torch::Tensor& sum_float32, const torch::Tensor& numbers) {
  DROVER_CHECK(sum_float32.is_contiguous() && numbers.is_contiguous() &&
               sum_float32.numel() == numbers.numel());
  cpu::AddTo(ElementOf(numbers.scalar_type()), numbers.const_data_ptr(), numbers.numel(),
             sum_float32.mutable_data_ptr<float>());
}

torch::Tensor PagedAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                             const torch::Tensor& value_NKd, const PagedTokens& where,
                             const PagedMemory& memory, const AttentionSettings& settings) {
  const torch::ScalarType dtype = query_NHd.scalar_type();
  const int64_t heads = query_NHd.size(1);
  const int64_t head_dim = query_NHd.size(2);
  DROVER_CHECK(memory.keys.scalar_type() == dtype && key_NKd.scalar_type() == dtype);
  cpu::Pages pages{ElementOf(dtype), key_NKd.size(1), head_dim};
  pages.keys = memory.keys.mutable_data_ptr();
  pages.values = memory.values.mutable_data_ptr();
  pages.key_stride = memory.keys.stride(0);
  pages.value_stride = memory.values.stride(0);
  const RowView keys = ViewRows(key_NKd, 2);
  const RowView values = ViewRows(value_NKd, 2);
  cpu::WriteTokens(pages, {keys.data(), keys.stride, values.data(), values.stride}, where.slots);
  const torch::Tensor out = Empty({query_NHd.size(0), heads * head_dim}, dtype);
  const RowView queries = ViewRows(query_NHd, 2);
  cpu::AttentionCall call;
  call.query = queries.data();
  call.query_stride = queries.stride;
  call.heads = heads;
  call.scale = static_cast<float>(settings.scale);
  call.soft_cap = static_cast<float>(settings.soft_cap);
  call.window = settings.window;
  call.out = out.mutable_data_ptr();
  call.out_stride = heads * head_dim;
  cpu::Attend(pages, call, where.parts);
  return out;
}

torch::Tensor SequenceAttention(const torch::Tensor& query_NHd, const torch::Tensor& key_NKd,
                                const torch::Tensor& value_NKd, const SegmentPages& where,
                                const AttentionSettings& settings) {
  const int64_t page = PageElements(key_NKd.size(1), key_NKd.size(2));
  const torch::Tensor pages = Empty({2, where.pages(), page}, query_NHd.scalar_type());
  return PagedAttention(query_NHd, key_NKd, value_NKd, {where.slots(), where.parts()},
                        {pages.select(0, 0), pages.select(0, 1)}, settings);
}

TokenScores ScoreTokens(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                        bool entropy) {
  const ScoreRows rows(logits_RV, targets_R, temperature);
  TokenScores scores;
  scores.logprobs_R = Empty({rows.count()}, at::kFloat);
  if (entropy) scores.entropy_R = Empty({rows.count()}, at::kFloat);
  float* const logprobs = scores.logprobs_R.mutable_data_ptr<float>();
  float* const entropies = entropy ? scores.entropy_R.mutable_data_ptr<float>() : nullptr;
  rows.ForEach([&](int64_t r, cpu::ScoreRow row) {
    row.logprob = logprobs + r;
    if (entropies != nullptr) row.entropy = entropies + r;
    cpu::ChosenKernels().score(row);
  });
  return scores;
}

void ScoreGradient(const torch::Tensor& logits_RV, const torch::Tensor& targets_R, double temperature,
                   const torch::Tensor& gradient_R, const torch::Tensor& out_RV) {
  DROVER_CHECK(out_RV.is_contiguous() && out_RV.scalar_type() == at::kFloat);
  const ScoreRows rows(logits_RV, targets_R, temperature);
  const torch::Tensor gradient = gradient_R.to(at::kFloat).contiguous();
  float* const out = out_RV.mutable_data_ptr<float>();
  rows.ForEach([&](int64_t r, const cpu::ScoreRow& row) {
    cpu::ChosenKernels().score_gradient(row, gradient.const_data_ptr<float>()[r], out + r * row.vocabulary);
  });
}

void WeighTokens(const torch::Tensor& logits_RV, const std::vector<WeightsWanted>& wanted,
                 VisitWeights visit) {
  const RowView logits = ViewRows(logits_RV.to(at::kFloat), 1);
  cpu::ComputePool().Run(static_cast<int64_t>(wanted.size()), 1, [&](int64_t begin, int64_t end) {
    thread_local std::vector<double> weights;
    weights.resize(static_cast<size_t>(logits.width));
    for (int64_t i = begin; i < end; ++i) {
      double sum;
      cpu::ChosenKernels().weigh({static_cast<const float*>(logits.data()) + wanted[i].row * logits.stride,
                                  logits.width, wanted[i].temperature, weights.data(), &sum});
      visit(static_cast<size_t>(i), weights, std::isfinite(sum));
    }
  });
}

}  // namespace drover::model::ops::cpu_path
