#include "model/transformer.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/safetensors.h"
#include "model/testing/model_directory.h"
#include "model/testing/tiny_models.h"
#include "model/weight_shapes.h"

namespace drover::model {
namespace {

using ::testing::HasSubstr;
using testing::NaiveLogits;
using testing::NaiveLogSoftmax;
using testing::TinyConfig;
using testing::TinyModel;
using testing::ToNaive;

const std::vector<int64_t> kTokens = {3, 17, 5, 5, 30, 2, 9, 36, 0, 21, 8};

torch::Tensor Ids(const std::vector<std::vector<int64_t>>& rows) {
  size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  torch::Tensor ids =
      at::zeros({static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)}, at::kLong);
  for (size_t b = 0; b < rows.size(); ++b) {
    for (size_t t = 0; t < rows[b].size(); ++t) ids[b][t] = rows[b][t];
  }
  return ids;
}

// Largest |got - wanted| over the first wanted.size() rows.
double Distance(const torch::Tensor& got_TV, const std::vector<std::vector<double>>& wanted) {
  const torch::Tensor got = got_TV.detach().to(at::kDouble).contiguous();
  double largest = 0.0;
  for (size_t t = 0; t < wanted.size(); ++t) {
    for (size_t v = 0; v < wanted[t].size(); ++v) {
      const double gap = std::abs(got[t][v].item<double>() - wanted[t][v]);
      if (!(gap <= largest)) largest = gap;  // NaN too
    }
  }
  return largest;
}

class Families : public ::testing::TestWithParam<const char*> {};

TEST_P(Families, LogitsAreThoseOfTheDefinition) {
  const ModelConfig config = TinyConfig(GetParam());
  for (const bool trainable : {false, true}) {
    TransformerOptions options;
    options.trainable = trainable;
    const auto model = TinyModel(config, options);
    const auto wanted = NaiveLogits(config, ToNaive(*model), kTokens);
    EXPECT_LT(Distance(model->Logits(model->Hidden(Ids({kTokens}))[0]), wanted), 2e-5)
        << "trainable " << trainable;
  }
}

TEST_P(Families, PaddingAndCompanyChangeNothing) {
  const ModelConfig config = TinyConfig(GetParam());
  const std::vector<int64_t> shorter(kTokens.begin(), kTokens.begin() + 4);
  for (const bool by_rows : {false, true}) {
    const auto model = TinyModel(config, {.attention_by_rows = by_rows});
    const auto wanted = NaiveLogits(config, ToNaive(*model), shorter);
    const torch::Tensor hidden_BTD = model->Hidden(Ids({kTokens, shorter}));
    EXPECT_LT(Distance(model->Logits(hidden_BTD[1]), wanted), 2e-5) << "by rows: " << by_rows;
  }
}

// A prompt of 6 tokens and two responses of 5, each of which goes on at the prompt's end.
void ExpectSharedPromptsGiveTheSame(const ModelConfig& config, bool by_rows) {
  constexpr int64_t kPrompt = 6, kResponse = 5;
  const auto model = TinyModel(config, {.attention_by_rows = by_rows});
  const std::vector<int64_t> prompt(kTokens.begin(), kTokens.begin() + kPrompt);
  const std::vector<std::vector<int64_t>> responses = {{9, 36, 0, 21, 8}, {4, 4, 31, 12, 7}};
  std::vector<int64_t> ids = prompt;
  std::vector<Segment> segments = {{.begin = 0, .tokens = kPrompt}};
  for (const auto& response : responses) {
    segments.push_back({.begin = static_cast<int64_t>(ids.size()),
                        .tokens = kResponse,
                        .prefix_begin = 0,
                        .prefix = kPrompt});
    ids.insert(ids.end(), response.begin(), response.end());
  }
  const torch::Tensor logits_TV = model->Logits(model->Hidden(Ids({ids})[0], segments));
  for (size_t r = 0; r < responses.size(); ++r) {
    std::vector<int64_t> sequence = prompt;
    sequence.insert(sequence.end(), responses[r].begin(), responses[r].end());
    auto wanted = NaiveLogits(config, ToNaive(*model), sequence);
    wanted.erase(wanted.begin(), wanted.begin() + kPrompt);
    const int64_t first = kPrompt + kResponse * static_cast<int64_t>(r);
    EXPECT_LT(Distance(logits_TV.narrow(0, first, kResponse), wanted), 2e-5)
        << "response " << r << ", by rows: " << by_rows;
  }
}

TEST_P(Families, SequencesWithACommonBeginningGiveTheSame) {
  for (const bool by_rows : {false, true}) ExpectSharedPromptsGiveTheSame(TinyConfig(GetParam()), by_rows);
}

// Three sequences in pages of any order, which two of them share at the beginning, grow by chunks and single tokens in
// the same passes. Each pass's last tokens have the logits of the whole sequence.
TEST_P(Families, PagedSequencesGiveTheSame) {
  const ModelConfig config = TinyConfig(GetParam());
  const auto model = TinyModel(config);
  const auto naive = ToNaive(*model);
  KvCache cache(config, {.pages = 16});
  const std::vector<std::vector<int32_t>> tables = {{9, 2, 7, 15}, {9, 2, 4, 11}, {0, 14, 1, 3}};
  std::vector<std::vector<int64_t>> sequences(3);
  const auto token = [&](size_t sequence, int64_t position) {
    const size_t who = position < 32 && sequence == 1 ? 0 : sequence;  // the shared beginning
    return static_cast<int64_t>((7 * position + 11 * who + 1) % config.vocab_size);
  };
  // {sequence, tokens} of each pass.
  const std::vector<std::vector<std::pair<size_t, int64_t>>> passes = {
      {{0, 5}, {2, 16}},        {{0, 1}, {2, 1}},  {{2, 3}, {0, 26}, {1, 2}},
      {{0, 1}, {1, 1}, {2, 1}}, {{1, 18}},         {{2, 1}, {1, 1}, {0, 7}},
      {{0, 1}, {2, 1}},         {{2, 30}, {1, 8}}, {{2, 1}, {1, 1}, {0, 1}}};
  for (const auto& pass : passes) {
    std::vector<int64_t> ids;
    std::vector<Part> parts;
    std::vector<std::vector<double>> wanted;
    for (const auto& [sequence, tokens] : pass) {
      std::vector<int64_t>& all = sequences[sequence];
      // The second begins where the first ends in the same pass: its beginning is the first's.
      while (sequence == 1 && all.size() < 32) all.push_back(token(1, static_cast<int64_t>(all.size())));
      parts.push_back({static_cast<int64_t>(all.size()), tokens, tables[sequence]});
      for (int64_t i = 0; i < tokens; ++i) {
        all.push_back(token(sequence, static_cast<int64_t>(all.size())));
        ids.push_back(all.back());
      }
      wanted.push_back(NaiveLogits(config, naive, all).back());
    }
    EXPECT_LT(Distance(model->Logits(model->Extend(ids, parts, &cache)), wanted), 5e-5);
  }
}

TEST_P(Families, CopiedPagesAreTheSame) {
  const ModelConfig config = TinyConfig(GetParam());
  const auto model = TinyModel(config);
  KvCache cache(config, {.pages = 6});
  EXPECT_EQ(cache.bytes(), 6 * PageBytes(config, torch::kFloat32));
  const std::vector<int32_t> first = {0, 1}, copy = {0, 2}, moved = {3, 1};
  model->Extend(kTokens, {{0, static_cast<int64_t>(kTokens.size()), first}}, &cache);
  const auto next = static_cast<int64_t>(kTokens.size());
  const std::vector<int64_t> more = {1, 2, 3, 4, 5, 6, 7};  // to 18 tokens
  model->Extend(more, {{next, 7, first}}, &cache);
  // As if one followed the other: 3 gets what 0 held, and then 0 what 5 holds, which is nothing.
  cache.CopyPages({{1, 2}, {0, 3}, {5, 0}});
  cache.CopyPages({{3, 0}});
  const torch::Tensor wanted = model->Extend({8}, {{18, 1, first}}, &cache);
  EXPECT_TRUE(at::equal(model->Extend({8}, {{18, 1, copy}}, &cache), wanted));
  EXPECT_TRUE(at::equal(model->Extend({8}, {{18, 1, moved}}, &cache), wanted));
}

// The gradient of sum_t c_t log p(token t+1) against central differences of the double-precision model.
TEST_P(Families, GradientsAreThoseOfTheDefinition) {
  const ModelConfig config = TinyConfig(GetParam());
  TransformerOptions options;
  options.trainable = true;
  const auto model = TinyModel(config, options);
  const auto weight_of = [](size_t t) { return 0.3 * static_cast<double>(t) - 1.0; };

  const torch::Tensor logprobs_TV = model->Logits(model->Hidden(Ids({kTokens}))[0]).log_softmax(-1);
  torch::Tensor loss = at::zeros({});
  for (size_t t = 0; t + 1 < kTokens.size(); ++t) loss = loss + weight_of(t) * logprobs_TV[t][kTokens[t + 1]];
  loss.backward();

  auto naive = ToNaive(*model);
  const auto naive_loss = [&] {
    const auto logits = NaiveLogits(config, naive, kTokens);
    double sum = 0.0;
    for (size_t t = 0; t + 1 < kTokens.size(); ++t)
      sum += weight_of(t) * NaiveLogSoftmax(logits[t])[kTokens[t + 1]];
    return sum;
  };
  EXPECT_NEAR(loss.item<double>(), naive_loss(), 1e-4);
  for (const auto& [name, tensor] : model->weights()) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    const torch::Tensor grad = tensor.grad().flatten();
    for (const int64_t i : {int64_t{0}, grad.numel() / 3, grad.numel() - 1}) {
      double& value = naive[name][i];
      const double old = value;
      const double h = 1e-5;
      value = old + h;
      const double above = naive_loss();
      value = old - h;
      const double below = naive_loss();
      value = old;
      const double wanted = (above - below) / (2 * h);
      EXPECT_NEAR(grad[i].item<double>(), wanted, 1e-4 + 1e-4 * std::abs(wanted)) << name << "[" << i << "]";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Families, ::testing::ValuesIn(testing::kTinyFamilies));

TEST(TransformerTest, Bfloat16RoundsMastersAndStaysClose) {
  const ModelConfig config = TinyConfig();
  TransformerOptions options;
  options.dtype = at::kBFloat16;
  options.trainable = true;
  const auto trainable = TinyModel(config, options);
  options.trainable = false;
  const auto stored = TinyModel(config, options);
  const auto wanted = NaiveLogits(config, ToNaive(*trainable), kTokens);  // rounded weights, exact arithmetic
  for (Transformer* model : {trainable.get(), stored.get()}) {
    const torch::Tensor logits = model->Logits(model->Hidden(Ids({kTokens}))[0]);
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
    EXPECT_LT(Distance(logits, wanted), 0.15);  // activations keep 8 bits; logits are up to about 5
  }
  trainable->Logits(trainable->Hidden(Ids({kTokens}))[0]).sum().backward();
  for (const auto& [name, tensor] : trainable->weights()) {
    EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
    EXPECT_EQ(tensor.grad().scalar_type(), at::kFloat) << name;
  }
}

TEST(TransformerTest, SeedsDecideTheWeights) {
  const ModelConfig config = TinyConfig();
  const auto digest = [&](uint64_t seed) {
    return Transformer::Create(config, {}, seed, 0.02).value()->Export().value().digest;
  };
  EXPECT_EQ(digest(1), digest(1));
  EXPECT_NE(digest(1), digest(2));
  const auto model = Transformer::Create(config, {}, 1, 0.02).value();
  const torch::Tensor embedding = model->weights().at("model.embed_tokens.weight");
  EXPECT_NEAR(embedding.std().item<double>(), 0.02, 0.002);
  EXPECT_NEAR(embedding.mean().item<double>(), 0.0, 0.002);
  EXPECT_EQ(model->weights().at("model.norm.weight").min().item<double>(), 1.0);
}

TEST(TransformerTest, WeightsTravelThroughExportAndImport) {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    TransformerOptions options;
    options.dtype = dtype;
    options.trainable = true;
    const auto source = TinyModel(TinyConfig("qwen2"), options, /*seed=*/1);
    options.trainable = false;
    const auto target = TinyModel(TinyConfig("qwen2"), options, /*seed=*/2);
    target->Logits(target->Hidden(Ids({kTokens}))[0]);  // whatever is kept from the old weights must go
    const WeightSet exported = source->Export().value();
    EXPECT_EQ(exported.tensors.size(), source->weights().size());
    ASSERT_TRUE(target->Import(exported).ok());
    EXPECT_EQ(target->Export().value().digest, exported.digest);
    at::NoGradGuard no_grad;
    const torch::Tensor a = source->Logits(source->Hidden(Ids({kTokens}))[0]);
    const torch::Tensor b = target->Logits(target->Hidden(Ids({kTokens}))[0]);
    EXPECT_LT((a - b).abs().max().item<double>(), dtype == at::kFloat ? 1e-5 : 0.1);
  }
}

TEST(TransformerTest, ImportIsAllOrNothing) {
  const auto model = TinyModel(TinyConfig());
  const std::string before = model->Export().value().digest;
  const auto other = TinyModel(TinyConfig(), {}, /*seed=*/2);

  WeightSet missing = other->Export().value();
  missing.tensors.pop_back();
  EXPECT_THAT(std::string(model->Import(missing).message()), HasSubstr("model.norm.weight is missing"));

  ModelConfig wide = TinyConfig();
  wide.vocab_size = 38;
  EXPECT_THAT(std::string(model->Import(TinyModel(wide)->Export().value()).message()),
              HasSubstr("model.embed_tokens.weight has shape [38, 24], the configuration makes it [37, 24]"));

  TransformerOptions bf16;
  bf16.dtype = at::kBFloat16;
  EXPECT_THAT(std::string(model->Import(TinyModel(TinyConfig(), bf16)->Export().value()).message()),
              HasSubstr("is BF16, this model takes F32"));

  WeightSet cut = other->Export().value();
  const std::string& last = *cut.tensors.back().data;
  cut.tensors.back().data = std::make_shared<const std::string>(last.substr(0, last.size() - 1));
  EXPECT_THAT(std::string(model->Import(cut).message()), HasSubstr("its bytes are not all there"));

  EXPECT_EQ(model->Export().value().digest, before);
}

TEST(TransformerTest, RefusesWhatItCannotBe) {
  TransformerOptions half;
  half.dtype = at::kHalf;
  EXPECT_THAT(std::string(Transformer::Create(TinyConfig(), half, 1, 0.02).status().message()),
              HasSubstr("must be float32 or bfloat16"));
  ModelConfig odd = TinyConfig();
  odd.head_dim = 7;
  EXPECT_FALSE(Transformer::Create(odd, {}, 1, 0.02).ok());
  EXPECT_FALSE(Transformer::Load("no/such/folder", {}).ok());
}

TEST(TransformerTest, LoadRefusesWeightsThatAreNotFinite) {
  const std::string dir = ::testing::TempDir() + "/transformer_test_not_finite";
  const ModelConfig config = testing::SmallConfig();
  testing::StoredTensors tensors = testing::FilledWeights(config);
  testing::WriteModelDirectory(dir, config, tensors);
  EXPECT_TRUE(Transformer::Load(dir, {}).ok());
  const auto load = [&](float value, torch::ScalarType dtype, bool trainable) {
    tensors["model.norm.weight"] = testing::Floats({config.hidden_size}, {1, 1, value});
    testing::WriteModelDirectory(dir, config, tensors);
    TransformerOptions options;
    options.dtype = dtype;
    options.trainable = trainable;
    return Transformer::Load(dir, options).status();
  };
  for (const bool trainable : {false, true}) {
    const absl::Status status = load(NAN, at::kFloat, trainable);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("tensor model.norm.weight: element 2 is nan"));
    EXPECT_TRUE(load(3.4e38f, at::kFloat, trainable).ok());
    EXPECT_FALSE(load(3.4e38f, at::kBFloat16, trainable).ok()) << "bfloat16 has no such number";
  }
}

TEST(TransformerTest, LoadTakesAHeadThatDiffersFromTheEmbedding) {
  const std::string dir = ::testing::TempDir() + "/transformer_test_head";
  const auto model = TinyModel(TinyConfig("llama3"));  // a head of its own
  const WeightSet weights = model->Export().value();
  ModelConfig says_tied = TinyConfig("llama3");
  says_tied.tie_word_embeddings = true;
  testing::WriteModelDirectory(dir, ModelConfigJson(says_tied), nullptr);
  ASSERT_TRUE(WriteSafetensors(dir + "/model.safetensors", WeightViews(weights)).ok());
  const auto loaded = Transformer::Load(dir, {}).value();
  EXPECT_FALSE(loaded->config().tie_word_embeddings);
  const auto wanted = NaiveLogits(model->config(), ToNaive(*model), kTokens);
  EXPECT_LT(Distance(loaded->Logits(loaded->Hidden(Ids({kTokens}))[0]), wanted), 2e-5);
}

TEST(TransformerTest, ADeferredModelGivesTheWeightsThatItWouldHaveLoaded) {
  const std::string dir = ::testing::TempDir() + "/transformer_test_deferred";
  const auto model = TinyModel(TinyConfig("llama3"));
  const WeightSet weights = model->Export().value();
  testing::WriteModelDirectory(dir, ModelConfigJson(model->config()), nullptr);
  ASSERT_TRUE(WriteSafetensors(dir + "/model.safetensors", WeightViews(weights)).ok());
  TransformerOptions options;
  options.trainable = true;
  options.deferred = true;
  const auto deferred = Transformer::Load(dir, options).value();
  for (const auto& [name, weight] : deferred->weights()) {
    EXPECT_EQ(weight.storage().nbytes(), 0u) << name;
    EXPECT_TRUE(weight.requires_grad()) << name;
    const torch::Tensor values = at::empty(weight.sizes(), at::kFloat);
    ASSERT_TRUE(deferred->source()(name, values).ok());
    EXPECT_TRUE(at::equal(values, model->weights().at(name))) << name;
  }
  deferred->DropSource();
  EXPECT_EQ(deferred->source(), nullptr);
}

TEST(TransformerTest, NamesAreHuggingFaces) {
  const auto shapes = WeightShapes(TinyConfig("qwen3"));
  EXPECT_EQ(shapes.at("model.layers.1.self_attn.q_proj.weight"), (std::vector<int64_t>{32, 24}));
  EXPECT_EQ(shapes.at("model.layers.0.self_attn.k_norm.weight"), (std::vector<int64_t>{8}));
  EXPECT_EQ(shapes.count("lm_head.weight"), 0u);
  EXPECT_EQ(WeightShapes(TinyConfig("llama3")).count("lm_head.weight"), 1u);
}

}  // namespace
}  // namespace drover::model
