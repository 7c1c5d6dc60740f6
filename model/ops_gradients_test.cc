// The CPU's operations against LibTorch's autograd of the same formulas in double precision, and against themselves: with
// and without gradients, alone and in company.
#include "model/ops_gradients.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "model/ops.h"
#include "model/ops_sequences.h"

namespace drover::model::ops {
namespace {

using Tensors = std::vector<torch::Tensor>;
using Operation = std::function<torch::Tensor(const Tensors&)>;

torch::Tensor Random(std::vector<int64_t> shape) { return at::randn(shape).to(at::kBFloat16).to(at::kFloat); }

double Distance(const torch::Tensor& got, const torch::Tensor& wanted) {
  const torch::Tensor exact = wanted.detach().to(at::kDouble);
  return ((got.detach().to(at::kDouble) - exact).norm() / exact.norm()).item<double>();
}

// `operation` of float32 or bfloat16 inputs against `formula` of the same numbers in double precision: the results, and
// the gradients of their products with random numbers.
void ExpectGradients(const std::string& name, const Tensors& inputs, torch::ScalarType dtype,
                     const Operation& operation, const Operation& formula) {
  const double rounding = dtype == at::kFloat ? 2e-6 : 0.02;
  Tensors ours, exact;
  for (const torch::Tensor& input : inputs) {
    ours.push_back(input.to(dtype).detach().clone().requires_grad_());
    exact.push_back(input.to(at::kDouble).detach().clone().requires_grad_());
  }
  const torch::Tensor got = operation(ours);
  const torch::Tensor wanted = formula(exact);
  EXPECT_LT(Distance(got, wanted), rounding) << name;
  const torch::Tensor factors = at::randn(wanted.sizes());
  (got.to(at::kFloat) * factors).sum().backward();
  (wanted * factors.to(at::kDouble)).sum().backward();
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_LT(Distance(ours[i].grad(), exact[i].grad()), rounding) << name << ", input " << i;
  }
  at::NoGradGuard no_grad;
  EXPECT_TRUE(operation(ours).equal(got)) << name << ": other bits without gradients";
}

class Gradients : public ::testing::TestWithParam<torch::ScalarType> {
 protected:
  void SetUp() override { at::manual_seed(7); }
};
INSTANTIATE_TEST_SUITE_P(Dtypes, Gradients, ::testing::Values(at::kFloat, at::kBFloat16));

TEST_P(Gradients, Linear) {
  ExpectGradients(
      "linear", {Random({3, 5, 18}), Random({70, 18}), Random({70})}, GetParam(),
      [](const Tensors& in) {
        return ops::Linear(in[0], {in[1], in[2], nullptr}, at::kFloat);
      },
      [](const Tensors& in) { return at::linear(in[0], in[1], in[2]); });
}

// A second backward pass adds to .grad, by way of autograd or not, and a weight that has a hook is told of it.
TEST_P(Gradients, OfAWeightGatherInItsGrad) {
  struct Count final : torch::autograd::PostAccumulateGradHook {
    explicit Count(int* given) : calls(given) {}
    void operator()(const torch::autograd::Variable&) override { ++*calls; }
    int* const calls;
  };
  const torch::Tensor x = Random({5, 18}).to(GetParam());
  const torch::Tensor ids = at::tensor({2, 2, 69}, at::kLong);
  const torch::Tensor of_y = Random({5, 70}), of_rows = Random({3, 18});
  const auto twice = [&](const torch::Tensor& weight) {
    for (int pass = 0; pass < 2; ++pass) {
      (ops::Linear(x, {weight, {}, nullptr}, at::kFloat) * of_y).sum().backward();
      (ops::Embed(ids, weight, 1.0, GetParam()) * of_rows).sum().backward();
    }
    return weight.grad();
  };
  const torch::Tensor weight = Random({70, 18});
  const torch::Tensor gathered = twice(weight.clone().requires_grad_());
  torch::Tensor exact = at::mm(of_y.to(at::kDouble).t(), x.to(at::kDouble)) * 2.0;
  exact.index_add_(0, ids, of_rows.to(at::kDouble) * 2.0);
  EXPECT_LT(Distance(gathered, exact), GetParam() == at::kFloat ? 2e-6 : 0.01);

  int told = 0;
  const torch::Tensor watched = weight.clone().requires_grad_();
  torch::autograd::impl::set_post_acc_grad_hooks(watched, std::make_unique<Count>(&told));
  EXPECT_LT(Distance(twice(watched), gathered), 1e-6);
  EXPECT_EQ(told, 4);
}

TEST_P(Gradients, GatedActivation) {
  for (const Activation activation : {Activation::kSilu, Activation::kGeluTanh}) {
    ExpectGradients(
        "gate", {Random({4, 37}), Random({4, 37})}, GetParam(),
        [&](const Tensors& in) { return ops::GatedActivation(in[0], in[1], activation); },
        [&](const Tensors& in) {
          return (activation == Activation::kSilu ? at::silu(in[0]) : at::gelu(in[0], "tanh")) * in[1];
        });
  }
}

TEST_P(Gradients, Norm) {
  ExpectGradients(
      "norm", {Random({2, 3, 40}), Random({40})}, GetParam(),
      [](const Tensors& in) {
        return ops::Norm(in[0], in[1], {.eps = 1e-3, .offset = 1.0}, at::kFloat, at::kFloat);
      },
      [](const Tensors& in) {
        const torch::Tensor mean = at::mean(in[0] * in[0], {-1}, true);
        return in[0] * at::rsqrt(mean + 1e-3) * (1.0 + in[1]);
      });
}

TEST_P(Gradients, Rotate) {
  const torch::Tensor positions = at::tensor({0, 3, 1000}, at::kLong);
  const torch::Tensor frequencies = at::tensor({1.0F, 0.3F, 0.01F});
  const RopeAngles angles = MakeRopeAngles(frequencies, 1.25, positions);
  ExpectGradients(
      "rotate", {Random({3, 2, 8})}, GetParam(),
      [&](const Tensors& in) { return ops::Rotate(in[0], angles, in[0].scalar_type()); },
      [&](const Tensors& in) {
        const torch::Tensor angle =
            (positions.to(at::kFloat).unsqueeze(1) * frequencies).to(at::kDouble).unsqueeze(1);
        const torch::Tensor a = in[0].narrow(-1, 0, 3), b = in[0].narrow(-1, 3, 3);
        const torch::Tensor cos = angle.cos() * 1.25, sin = angle.sin() * 1.25;
        return at::cat({a * cos - b * sin, b * cos + a * sin, in[0].narrow(-1, 6, 2)}, -1);
      });
}

// Softmax attention of the definition, over a mask.
torch::Tensor ExactAttention(const Tensors& in, const torch::Tensor& visible,
                             const AttentionSettings& settings) {
  const int64_t group = in[0].size(1) / in[1].size(1);
  const torch::Tensor query = in[0].transpose(0, 1);
  const torch::Tensor key = in[1].repeat_interleave(group, 1).transpose(0, 1);
  const torch::Tensor value = in[2].repeat_interleave(group, 1).transpose(0, 1);
  torch::Tensor scores = at::matmul(query, key.transpose(1, 2)) * settings.scale;
  if (settings.soft_cap > 0.0) scores = at::tanh(scores / settings.soft_cap) * settings.soft_cap;
  scores = scores.masked_fill(visible.logical_not(), -std::numeric_limits<double>::infinity());
  return at::matmul(scores.softmax(-1), value).transpose(0, 1).flatten(1);
}

// A prompt of 37 tokens with two responses, and a sequence alone.
const std::vector<Segment> kSegments = {{0, 37, 0, 0}, {37, 21, 0, 37}, {58, 5, 0, 37}, {63, 300, 0, 0}};
constexpr int64_t kBatchTokens = 363;

torch::Tensor VisibleInSegments(int64_t window) {
  const torch::Tensor visible = at::zeros({kBatchTokens, kBatchTokens}, at::kBool);
  for (const Segment& s : kSegments) {
    for (int64_t t = 0; t < s.tokens; ++t) {
      const int64_t position = s.prefix + t;
      for (int64_t other = 0; other <= position; ++other) {
        if (window > 0 && other <= position - window) continue;
        visible[s.begin + t][other < s.prefix ? s.prefix_begin + other : s.begin + other - s.prefix] = true;
      }
    }
  }
  return visible;
}

TEST_P(Gradients, SequenceAttention) {
  for (const AttentionSettings& settings :
       {AttentionSettings{0.3, 0.0, 0}, AttentionSettings{0.3, 2.0, 0}, AttentionSettings{0.3, 0.0, 30}}) {
    const int64_t head_dim = settings.window > 0 ? 13 : 12;
    const Tensors inputs = {Random({kBatchTokens, 6, head_dim}), Random({kBatchTokens, 2, head_dim}),
                            Random({kBatchTokens, 2, head_dim})};
    const Sequences sequences(kSegments, at::kCPU);
    const torch::Tensor visible = VisibleInSegments(settings.window);
    ExpectGradients(
        "attention", inputs, GetParam(),
        [&](const Tensors& in) { return ops::SequenceAttention(in[0], in[1], in[2], sequences, settings); },
        [&](const Tensors& in) { return ExactAttention(in, visible, settings); });
  }
}

// Of logits that are no leaf, whose memory it takes.
TEST(Scores, HaveTheGradientOfTheLogSoftmaxInTheLogitsOwnMemory) {
  at::manual_seed(8);
  const torch::Tensor targets = at::tensor({0, 36, 5, 5}, at::kLong);
  ExpectGradients(
      "scores", {Random({4, 37})}, at::kFloat,
      [&](const Tensors& in) { return ScoreTokens(in[0] * 2.0, targets, 0.7, false).logprobs_R; },
      [&](const Tensors& in) {
        return (in[0] * 2.0 / 0.7).log_softmax(-1).gather(1, targets.unsqueeze(1)).squeeze(1);
      });
}

TEST(Scores, HaveTheGradientOfTheLogSoftmax) {
  at::manual_seed(8);
  const torch::Tensor targets = at::tensor({0, 36, 5, 5}, at::kLong);
  for (const bool entropy : {false, true}) {
    ExpectGradients(
        "scores", {Random({4, 37})}, at::kFloat,
        [&](const Tensors& in) { return ScoreTokens(in[0], targets, 0.7, entropy).logprobs_R; },
        [&](const Tensors& in) {
          return (in[0] / 0.7).log_softmax(-1).gather(1, targets.unsqueeze(1)).squeeze(1);
        });
  }
}

// A response's attention beside others has the bits that it has alone behind its prompt.
TEST_P(Gradients, SequencesKeepTheirBitsInCompany) {
  const torch::Tensor query = Random({kBatchTokens, 6, 12}).to(GetParam());
  const torch::Tensor key = Random({kBatchTokens, 2, 12}).to(GetParam());
  const torch::Tensor value = Random({kBatchTokens, 2, 12}).to(GetParam());
  const AttentionSettings settings{0.3, 0.0, 0};
  const torch::Tensor together =
      ops::SequenceAttention(query, key, value, Sequences(kSegments, at::kCPU), settings);
  const torch::Tensor rows = at::cat({at::arange(0, 37), at::arange(58, 63)});
  const Sequences one(WholeRows(1, 42), at::kCPU);
  const torch::Tensor alone = ops::SequenceAttention(query.index_select(0, rows), key.index_select(0, rows),
                                                     value.index_select(0, rows), one, settings);
  EXPECT_TRUE(alone.equal(together.index_select(0, rows)));
}

}  // namespace
}  // namespace drover::model::ops
