#include "model/recompute.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "model/testing/tiny_models.h"
#include "model/transformer.h"

namespace drover::model {
namespace {

using Gradients = std::map<std::string, torch::Tensor>;

// Of a prompt with two responses, and a sequence; a backward pass twice, as two microbatches gather theirs.
Gradients GradientsOf(const ModelConfig& config, TransformerOptions options, bool recompute) {
  options.trainable = true;
  options.recompute_layers = recompute;
  const auto model = testing::TinyModel(config, options);
  const torch::Tensor ids_N = at::arange(13, at::kLong) * 7 % config.vocab_size;
  const std::vector<Segment> segments = {{0, 3, 0, 0}, {3, 3, 0, 3}, {6, 2, 0, 3}, {8, 5, 0, 0}};
  for (int i = 0; i < 2; ++i) {
    const torch::Tensor hidden_ND = model->Hidden(ids_N, segments);
    model->Logits(hidden_ND).log_softmax(-1).select(1, 1 + i).sum().backward();
  }
  Gradients gradients;
  for (const auto& [name, weight] : model->weights()) gradients[name] = weight.grad();
  return gradients;
}

class RecomputedLayers : public ::testing::TestWithParam<const char*> {};

TEST_P(RecomputedLayers, GiveTheSameGradientsBitForBit) {
  const ModelConfig config = testing::TinyConfig(GetParam());
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    for (const bool by_rows : {false, true}) {
      const TransformerOptions options = {.dtype = dtype, .attention_by_rows = by_rows};
      const Gradients kept = GradientsOf(config, options, false);
      const Gradients again = GradientsOf(config, options, true);
      for (const auto& [name, gradient] : kept) {
        ASSERT_GT(gradient.abs().max().item<double>(), 0.0) << name;
        EXPECT_TRUE(at::equal(gradient, again.at(name))) << name << " in " << dtype;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RecomputedLayers,
                         ::testing::Values("llama", "mistral", "qwen2", "qwen3", "gemma2", "phi3", "olmo2"));

// y = w x^2 in x's memory, as layers add to theirs.
TEST(Recomputed, KeepsItsInputAndNothingElse) {
  torch::Tensor weight = at::full({1}, 3.0f).requires_grad_();
  const torch::Tensor x = at::full({4}, 2.0f).requires_grad_();
  int calls = 0;
  const ForwardPiece piece = [&](const torch::Tensor& in) {
    ++calls;
    if (!at::GradMode::is_enabled()) {
      torch::Tensor own = in;
      return own.mul_(in).mul_(weight.detach());
    }
    return in * in * weight;
  };
  const torch::Tensor y = Recomputed(x, piece);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(at::equal(y, at::full({4}, 12.0f)));
  EXPECT_TRUE(at::equal(x, at::full({4}, 2.0f))) << "the piece wrote into a copy";
  y.sum().backward();
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(at::equal(x.grad(), at::full({4}, 12.0f)));       // 2 w x
  EXPECT_TRUE(at::equal(weight.grad(), at::full({1}, 16.0f)));  // sum of x^2
}

}  // namespace
}  // namespace drover::model
