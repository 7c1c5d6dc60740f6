#include "model/adapters.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "model/ops.h"
#include "model/testing/naive_transformer.h"
#include "model/testing/shapes.h"
#include "model/testing/tiny_models.h"
#include "model/transformer.h"

namespace drover::model {
namespace {

using testing::TinyModel;

LoraConfig Lora(std::vector<std::string> targets = {}) {
  return {.rank = 3, .alpha = 6.0, .targets = std::move(targets), .base = "base", .seed = 5};
}

torch::Tensor Random(at::IntArrayRef shape) { return at::randn(shape, at::TensorOptions(at::kFloat)) * 0.3; }

// B is not 0 then: an adapter that changes something.
void Scramble(const Transformer& model) {
  at::NoGradGuard no_grad;
  at::manual_seed(11);
  for (const auto& [name, tensor] : model.versioned()) tensor.detach().copy_(Random(tensor.sizes()));
}

std::unique_ptr<Transformer> Adapted(const ModelConfig& config, torch::ScalarType dtype, bool trainable,
                                     bool recompute = false, std::vector<std::string> targets = {}) {
  TransformerOptions options;
  options.dtype = dtype;
  options.trainable = trainable;
  options.recompute_layers = recompute;
  options.lora = Lora(std::move(targets));
  auto model = TinyModel(config, options);
  Scramble(*model);
  return model;
}

torch::Tensor Ids(const ModelConfig& config) {
  at::manual_seed(3);
  return at::randint(config.vocab_size, {2, 7}, at::TensorOptions(at::kLong));
}

torch::Tensor LogitsOf(Transformer& model, const torch::Tensor& ids) {
  at::NoGradGuard no_grad;
  return model.Logits(model.Hidden(ids).flatten(0, 1));
}

// s B A of the weight's adapter, in double precision; 0 without one.
torch::Tensor UpdateOf(const Transformer& model, const std::string& name, const torch::Tensor& weight) {
  const auto& tensors = model.versioned();
  const AdapterDescription adapter = DescribeAdapter(Lora(), {name, weight.sizes().vec()});
  if (tensors.count(adapter.a.name) == 0) return at::zeros_like(weight, at::TensorOptions(at::kDouble));
  return 2.0 * at::mm(tensors.at(adapter.b.name).detach().to(at::kDouble),
                      tensors.at(adapter.a.name).detach().to(at::kDouble));
}

// A plain model with the merged weights of `adapted`.
std::unique_ptr<Transformer> PlainOf(const Transformer& adapted, bool trainable) {
  TransformerOptions options = adapted.options();
  options.lora.reset();
  options.trainable = trainable;
  auto plain = *Transformer::CreateEmpty(adapted.config(), options);
  at::NoGradGuard no_grad;
  for (const auto& [name, weight] : adapted.weights()) {
    Adapters adapters;
    const AdapterDescription described =
        weight.dim() == 2 ? DescribeAdapter(Lora(), {name, weight.sizes().vec()}) : AdapterDescription();
    const auto a = adapted.versioned().find(described.a.name);
    if (a != adapted.versioned().end()) {
      adapters.push_back({a->second, adapted.versioned().at(described.b.name), 2.0});
    }
    plain->weights().at(name).detach().copy_(Merged(weight.detach(), adapters, options.dtype));
  }
  return plain;
}

TEST(Merged, IsTheSumRoundedOnce) {
  at::manual_seed(1);
  const torch::Tensor weight = Random({70, 40}).to(at::kBFloat16);
  const Adapters adapters = {{Random({3, 40}), Random({30, 3}), 0.5, 0},
                             {Random({5, 40}), Random({40, 5}), 2.0, 30}};
  torch::Tensor exact = weight.to(at::kDouble);
  exact.narrow(0, 0, 30) += 0.5 * at::mm(adapters[0].b.to(at::kDouble), adapters[0].a.to(at::kDouble));
  exact.narrow(0, 30, 40) += 2.0 * at::mm(adapters[1].b.to(at::kDouble), adapters[1].a.to(at::kDouble));
  const torch::Tensor merged = Merged(weight, adapters, at::kFloat);
  EXPECT_LT((merged.to(at::kDouble) - exact).abs().max().item<double>(), 1e-6);
  EXPECT_TRUE(at::equal(Merged(weight, adapters, at::kBFloat16), merged.to(at::kBFloat16)));
}

// A row has the bits that it has in a matrix of its own.
TEST(Merged, RowsStandAlone) {
  at::manual_seed(2);
  const torch::Tensor weight = Random({90, 33}), a = Random({4, 33}), b = Random({90, 4});
  const torch::Tensor whole = Merged(weight, {{a, b, 0.7}}, at::kFloat);
  for (const auto& [begin, rows] : {std::pair<int64_t, int64_t>{0, 1}, {5, 64}, {77, 13}}) {
    const torch::Tensor part =
        Merged(weight.narrow(0, begin, rows), {{a, b.narrow(0, begin, rows), 0.7}}, at::kFloat);
    EXPECT_TRUE(at::equal(part, whole.narrow(0, begin, rows)));
  }
}

// Against autograd of the plain formula in double precision. LibTorch's path (that of GPUs) by numbers that no kernel takes.
void CompareLinearGradients(torch::ScalarType x_dtype, double tolerance) {
  at::manual_seed(4);
  const torch::Tensor weight = Random({9, 8}), bias = Random({9});
  const torch::Tensor a = Random({3, 8}).requires_grad_(), b = Random({9, 3}).requires_grad_();
  const torch::Tensor x = Random({5, 8}).to(x_dtype).requires_grad_(), gradient = Random({5, 9});
  ops::LinearWeights linear{weight, bias, nullptr, {{a, b, 1.5}}};
  const torch::Tensor y = ops::Linear(x, linear, x_dtype);
  (y * gradient.to(x_dtype)).sum().backward();

  const auto wide = [](const torch::Tensor& t) { return t.detach().to(at::kDouble).requires_grad_(); };
  const torch::Tensor wide_a = wide(a), wide_b = wide(b), wide_x = wide(x);
  const torch::Tensor w = weight.to(at::kDouble) + 1.5 * at::mm(wide_b, wide_a);
  const torch::Tensor expected = at::linear(wide_x, w, bias.to(at::kDouble));
  (expected * gradient.to(at::kDouble)).sum().backward();
  EXPECT_LT((y - expected).abs().max().item<double>(), tolerance);
  EXPECT_LT((a.grad() - wide_a.grad()).abs().max().item<double>(), tolerance);
  EXPECT_LT((b.grad() - wide_b.grad()).abs().max().item<double>(), tolerance);
  EXPECT_LT((x.grad() - wide_x.grad()).abs().max().item<double>(), tolerance);
}

TEST(LinearWithAdapter, HasTheGradientsOfThePlainFormula) {
  CompareLinearGradients(at::kFloat, 1e-5);
  CompareLinearGradients(at::kDouble, 1e-5);
  CompareLinearGradients(at::kBFloat16, 0.1);
}

class AdapterModels : public ::testing::TestWithParam<torch::ScalarType> {};
INSTANTIATE_TEST_SUITE_P(Dtypes, AdapterModels, ::testing::Values(at::kFloat, at::kBFloat16));

// The trainable model, an actor's (fused), and a plain model whose weights were merged compute the same bits.
TEST_P(AdapterModels, ActorLearnerAndMergedModelAgreeToTheBit) {
  for (const bool joined : {false, true}) {
    const ModelConfig config = joined ? testing::TinyConfig("phi3") : testing::TrainingConfig();
    const auto learner = Adapted(config, GetParam(), /*trainable=*/true);
    const auto actor = Adapted(config, GetParam(), /*trainable=*/false);
    ASSERT_TRUE(actor->ImportBase(*learner->ExportBase()).ok());
    ASSERT_TRUE(actor->Import(*learner->Export()).ok());
    const torch::Tensor ids = Ids(config);
    const torch::Tensor logits = LogitsOf(*learner, ids);
    EXPECT_TRUE(at::equal(logits, LogitsOf(*actor, ids)));
    EXPECT_TRUE(at::equal(logits, LogitsOf(*PlainOf(*learner, /*trainable=*/false), ids)));
    const torch::Tensor trained = learner->Logits(learner->Hidden(ids).flatten(0, 1));
    EXPECT_TRUE(trained.requires_grad());
    EXPECT_TRUE(at::equal(logits, trained.detach()));
    // A change of an adapter is seen, as an optimizer or an import makes it.
    Scramble(*actor);
    at::NoGradGuard no_grad;
    actor->versioned().begin()->second.add_(0.5);
    EXPECT_FALSE(at::equal(logits, LogitsOf(*actor, ids)));
  }
}

TEST_P(AdapterModels, WithoutAdaptersIsTheFrozenModel) {
  const ModelConfig config = testing::TrainingConfig();
  const auto adapted = Adapted(config, GetParam(), /*trainable=*/true);
  TransformerOptions options;
  options.dtype = GetParam();
  auto plain = *Transformer::CreateEmpty(config, options);
  ASSERT_TRUE(plain->Import(*adapted->ExportBase()).ok());
  const auto reference = adapted->WithoutAdapters();
  const torch::Tensor ids = Ids(config);
  EXPECT_TRUE(at::equal(LogitsOf(*reference, ids), LogitsOf(*plain, ids)));
  EXPECT_FALSE(at::equal(LogitsOf(*reference, ids), LogitsOf(*adapted, ids)));
  EXPECT_EQ(reference->weights().at("model.norm.weight").data_ptr(),
            adapted->weights().at("model.norm.weight").data_ptr());
}

// dA = s B^T dW and dB = s dW A^T, where dW is what a model whose weights are the merged ones has.
void CompareGradients(bool recompute) {
  const ModelConfig config = testing::TrainingConfig();
  const auto adapted = Adapted(config, at::kFloat, /*trainable=*/true, recompute);
  const auto plain = PlainOf(*adapted, /*trainable=*/true);
  const torch::Tensor ids = Ids(config);
  for (Transformer* model : {adapted.get(), plain.get()}) {
    const torch::Tensor logits = model->Logits(model->Hidden(ids).flatten(0, 1));
    logits.log_softmax(-1).select(1, 2).sum().backward();
  }
  size_t compared = 0;
  for (const auto& [name, weight] : plain->weights()) {
    if (weight.dim() != 2) continue;
    const AdapterDescription adapter = DescribeAdapter(Lora(), {name, weight.sizes().vec()});
    const auto a = adapted->versioned().find(adapter.a.name);
    if (a == adapted->versioned().end()) continue;
    const torch::Tensor& b = adapted->versioned().at(adapter.b.name);
    const torch::Tensor of_weight = weight.grad().to(at::kDouble);
    const torch::Tensor of_a = 2.0 * at::mm(b.detach().to(at::kDouble).t(), of_weight);
    const torch::Tensor of_b = 2.0 * at::mm(of_weight, a->second.detach().to(at::kDouble).t());
    EXPECT_LT((a->second.grad() - of_a).abs().max().item<double>(), 2e-5 * of_a.abs().max().item<double>());
    EXPECT_LT((b.grad() - of_b).abs().max().item<double>(), 2e-5 * of_b.abs().max().item<double>());
    ++compared;
  }
  EXPECT_EQ(compared, static_cast<size_t>(7 * config.num_layers));
  for (const auto& [name, weight] : adapted->weights()) EXPECT_FALSE(weight.grad().defined()) << name;
}

TEST(AdapterGradients, AreThoseOfTheMergedModel) { CompareGradients(/*recompute=*/false); }
TEST(AdapterGradients, AreThereWhereLayersAreComputedAgain) { CompareGradients(/*recompute=*/true); }

TEST(AdapterGradients, TargetsAloneHaveThem) {
  const ModelConfig config = testing::TrainingConfig();
  const auto model =
      Adapted(config, at::kFloat, /*trainable=*/true, /*recompute=*/true, {"v_proj", "down_proj"});
  EXPECT_EQ(model->versioned().size(), static_cast<size_t>(4 * config.num_layers));
  model->Hidden(Ids(config)).square().sum().backward();
  for (const auto& [name, tensor] : model->versioned()) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    EXPECT_GT(tensor.grad().abs().max().item<double>(), 0.0) << name;
  }
}

TEST(AdapterStart, ChangesNothingAndIsTheSameForTheSameSeed) {
  const ModelConfig config = testing::TrainingConfig();
  TransformerOptions options;
  options.trainable = true;
  options.lora = Lora();
  const auto model = TinyModel(config, options), again = TinyModel(config, options);
  const torch::Tensor ids = Ids(config);
  EXPECT_TRUE(at::equal(LogitsOf(*model, ids), LogitsOf(*model->WithoutAdapters(), ids)));
  for (const auto& [name, tensor] : model->versioned()) {
    EXPECT_TRUE(at::equal(tensor, again->versioned().at(name)));
    const double largest = tensor.abs().max().item<double>();
    if (name.find("lora_B") != std::string::npos) {
      EXPECT_EQ(largest, 0.0);
    } else {
      const double bound = 1.0 / std::sqrt(static_cast<double>(tensor.size(1)));
      EXPECT_LE(largest, bound);
      EXPECT_GT(largest, 0.8 * bound);
    }
  }
}

TEST(AdapterErrors, AnUnknownTargetIsNamed) {
  TransformerOptions options;
  options.lora = Lora({"q_proj", "w_proj"});
  const auto model = Transformer::CreateEmpty(testing::TrainingConfig(), options);
  EXPECT_EQ(
      model.status().message(),
      "adapter target: `w_proj` is no linear map of a llama; may be down_proj, gate_proj, k_proj, o_proj, "
      "q_proj, up_proj, v_proj");
}

}  // namespace
}  // namespace drover::model
