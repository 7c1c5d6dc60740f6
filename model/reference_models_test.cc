// Against transformers' outputs for tiny models of every family (testdata/make_models.py, ../shared/models/README.md)
// and for SmolLM2.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/file.h"
#include "model/model_weights.h"
#include "model/safetensors.h"
#include "model/torch_dtype.h"
#include "model/transformer.h"

namespace drover::model {
namespace {

using nlohmann::json;

const std::string kReferences = "../shared/models/";
const std::string kSmolLm2 = "models/smollm2-135m-instruct";

json ReadJson(const std::string& path) { return json::parse(ReadFile(path).value()); }

torch::Tensor LogprobsOf(Transformer& model, const std::vector<int64_t>& ids, torch::Tensor* logits_TV) {
  at::NoGradGuard no_grad;
  *logits_TV = model.Logits(model.Hidden(at::tensor(ids).unsqueeze(0))[0]);
  const torch::Tensor next = at::tensor(ids).narrow(0, 1, static_cast<int64_t>(ids.size()) - 1);
  return logits_TV->narrow(0, 0, next.size(0)).log_softmax(-1).gather(1, next.unsqueeze(1)).squeeze(1);
}

void ExpectLogprobs(const torch::Tensor& got, const std::vector<double>& wanted, double tolerance) {
  ASSERT_EQ(got.size(0), static_cast<int64_t>(wanted.size()));
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(got[static_cast<int64_t>(i)].item<double>(), wanted[i], tolerance) << "position " << i;
  }
}

// The largest logits agree; ids may change places where the reference's logits are closer than the tolerance.
void ExpectTop(const torch::Tensor& logits_V, const std::vector<int64_t>& ids,
               const std::vector<double>& logits, double tolerance) {
  const auto [values, indices] = logits_V.topk(static_cast<int64_t>(ids.size()));
  for (size_t i = 0; i < ids.size(); ++i) {
    EXPECT_NEAR(logits_V[ids[i]].item<double>(), logits[i], tolerance);
    const int64_t own = indices[static_cast<int64_t>(i)].item<int64_t>();
    if (own != ids[i]) {
      EXPECT_NEAR(logits_V[own].item<double>(), logits[i], tolerance) << "rank " << i;
    }
  }
}

// Greedy continuation with the cache; leads[i]: how far the reference's choice was ahead (absent: as far as needed).
// Where it was ahead by less than `close`, the reference's choice is taken.
void ExpectGreedy(Transformer& model, const std::vector<int64_t>& prompt, const std::vector<int64_t>& wanted,
                  const std::vector<double>& leads, double close) {
  const auto length = static_cast<int64_t>(prompt.size() + wanted.size());
  const auto pages = static_cast<int32_t>(PagesFor(length));
  KvCache cache(model.config(), {.pages = pages, .dtype = model.options().dtype});
  std::vector<int32_t> table(pages);
  std::iota(table.begin(), table.end(), 0);
  const auto prompt_tokens = static_cast<int64_t>(prompt.size());
  torch::Tensor hidden_1D = model.Extend(prompt, {{0, prompt_tokens, table}}, &cache);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const int64_t best = model.Logits(hidden_1D).argmax(-1).item<int64_t>();
    if (leads.empty() || leads[i] > close) {
      ASSERT_EQ(best, wanted[i]) << "token " << i;
    }
    hidden_1D = model.Extend({wanted[i]}, {{prompt_tokens + static_cast<int64_t>(i), 1, table}}, &cache);
  }
}

class ReferenceModels : public ::testing::TestWithParam<const char*> {};

TEST_P(ReferenceModels, LogprobsTopLogitsAndGreedyTokens) {
  const std::string dir = kReferences + GetParam();
  if (!std::filesystem::exists(dir)) GTEST_SKIP() << "skipped: no data";
  const auto model = Transformer::Load(dir, {}).value();
  for (const json& sequence : ReadJson(dir + "/reference.json")) {
    const std::vector<int64_t> ids = sequence["token_ids"];
    torch::Tensor logits_TV;
    ExpectLogprobs(LogprobsOf(*model, ids, &logits_TV), sequence["logprobs"], 2e-5);
    ExpectTop(logits_TV[-1], sequence["top_ids"], sequence["top_logits"], 2e-5);
    ExpectGreedy(*model, ids, sequence["greedy"], {}, 0.0);
  }
}
INSTANTIATE_TEST_SUITE_P(All, ReferenceModels,
                         ::testing::Values("llama", "llama3_rope", "llama_head_dim", "mistral", "qwen2",
                                           "qwen2_untied", "qwen3"));

torch::Tensor Stored(const SafetensorsFile& file, const std::string& name) {
  return TensorOfView(*file.Find(name)).value();
}

// int64, in the file's memory.
torch::Tensor StoredIds(const SafetensorsFile& file, const std::string& name) {
  const TensorView& view = *file.Find(name);
  EXPECT_EQ(view.dtype, Dtype::kI64);
  return at::from_blob(const_cast<char*>(view.bytes.data()), view.shape, at::TensorOptions(at::kLong));
}

std::vector<int64_t> Row(const torch::Tensor& ids_BT, int64_t row) {
  const torch::Tensor ids_T = ids_BT[row].contiguous();
  return std::vector<int64_t>(ids_T.const_data_ptr<int64_t>(),
                              ids_T.const_data_ptr<int64_t>() + ids_T.numel());
}

// The loss that `reference` describes, and its gradient by every weight.
void ExpectGradients(Transformer& model, const SafetensorsFile& reference, const torch::Tensor& ids_BT,
                     const torch::Tensor& logits_BTV) {
  const int64_t predicted = ids_BT.size(1) - 1;
  const torch::Tensor logprobs_BT = logits_BTV.narrow(1, 0, predicted)
                                        .log_softmax(-1)
                                        .gather(2, ids_BT.narrow(1, 1, predicted).unsqueeze(2))
                                        .squeeze(2);
  const torch::Tensor loss = -(Stored(reference, "advantages") * logprobs_BT).sum() / 100.0;
  EXPECT_NEAR(loss.item<double>(), Stored(reference, "loss").item<double>(), 2e-5);
  loss.backward();
  for (const auto& [name, tensor] : model.weights()) {
    const torch::Tensor wanted = Stored(reference, "grad." + name);
    const double gap = (tensor.grad() - wanted).abs().max().item<double>();
    EXPECT_LT(gap, 1e-5 + 1e-4 * wanted.abs().max().item<double>()) << name;
  }
}

// One for every family and every rope scaling, with sequences past windows and past the context before scaling.
class Fixtures : public ::testing::TestWithParam<const char*> {};

TEST_P(Fixtures, LogitsGreedyTokensAndGradients) {
  const std::string dir = std::string("model/testdata/models/") + GetParam();
  const SafetensorsFile reference = SafetensorsFile::Open(dir + "/reference.safetensors").value();
  const torch::Tensor ids_BT = StoredIds(reference, "input_ids");
  const torch::Tensor greedy_BG = StoredIds(reference, "greedy_ids");
  for (const bool trainable : {false, true}) {
    TransformerOptions options;
    options.trainable = trainable;
    const auto model = Transformer::Load(dir, options).value();
    const torch::Tensor logits_BTV = model->Logits(model->Hidden(ids_BT));
    EXPECT_LT((logits_BTV.detach() - Stored(reference, "logits")).abs().max().item<double>(), 1e-4);
    for (int64_t b = 0; b < ids_BT.size(0) && !trainable; ++b) {
      ExpectGreedy(*model, Row(ids_BT, b), Row(greedy_BG, b), {}, 0.0);
    }
    if (trainable && reference.Find("loss") != nullptr) {
      ExpectGradients(*model, reference, ids_BT, logits_BTV);
    }
  }
}

// A checkpoint has the tensors that the model came with: their names, shapes and, rounded to the same dtype, bytes.
TEST_P(Fixtures, WhatIsExportedIsWhatWasRead) {
  const std::string dir = std::string("model/testdata/models/") + GetParam();
  const ModelWeights files = OpenModelWeights(dir).value();
  TransformerOptions options;
  options.dtype = at::kBFloat16;
  options.trainable = true;
  const WeightSet exported = Transformer::Load(dir, options).value()->Export().value();
  ASSERT_EQ(exported.tensors.size(), files.tensors().size());
  for (const WeightTensor& tensor : exported.tensors) {
    const TensorView& view = files.tensors().at(tensor.meta.name);
    EXPECT_EQ(tensor.meta.shape, view.shape) << view.name;
    if (view.dtype != Dtype::kBF16) continue;
    EXPECT_EQ(*tensor.data, view.bytes) << view.name;
  }
}

// What was rounded to 8 bits on the way is not far from what was not.
TEST_P(Fixtures, Bfloat16IsClose) {
  const std::string dir = std::string("model/testdata/models/") + GetParam();
  const SafetensorsFile reference = SafetensorsFile::Open(dir + "/reference.safetensors").value();
  TransformerOptions options;
  options.dtype = at::kBFloat16;
  const auto model = Transformer::Load(dir, options).value();
  at::NoGradGuard no_grad;
  const torch::Tensor got = model->Logits(model->Hidden(StoredIds(reference, "input_ids"))).log_softmax(-1);
  const torch::Tensor wanted = Stored(reference, "logits").log_softmax(-1);
  EXPECT_LT((got - wanted).abs().median().item<double>(), 0.05);
}

INSTANTIATE_TEST_SUITE_P(All, Fixtures,
                         ::testing::Values("llama_linear", "llama_dynamic", "llama_yarn", "mistral_window",
                                           "qwen2_window", "qwen2_shards", "smollm3", "gemma2", "gemma3_text",
                                           "gemma3", "phi3", "phi3_longrope", "olmo2"));

class ReferenceGradients : public ::testing::TestWithParam<const char*> {};

TEST_P(ReferenceGradients, LogitsLossAndGradientOfEveryParameter) {
  const std::string dir = kReferences + "with_gradients/" + GetParam();
  if (!std::filesystem::exists(dir)) GTEST_SKIP() << "skipped: no data";
  TransformerOptions options;
  options.trainable = true;
  const auto model = Transformer::Load(dir, options).value();
  const SafetensorsFile reference = SafetensorsFile::Open(dir + "/reference.safetensors").value();
  const torch::Tensor ids_BT = StoredIds(reference, "input_ids");
  const torch::Tensor logits_BTV = model->Logits(model->Hidden(ids_BT));
  EXPECT_LT((logits_BTV.detach() - Stored(reference, "logits")).abs().max().item<double>(), 5e-5);
  ExpectGradients(*model, reference, ids_BT, logits_BTV);
}
INSTANTIATE_TEST_SUITE_P(All, ReferenceGradients,
                         ::testing::Values("tiny_llama3", "tiny_llama_smol", "tiny_qwen2"));

TEST(ReferenceSmolLm2, LogprobsTopLogitsAndGreedyTokens) {
  const std::string path = kReferences + "smollm2_135m_reference.json";
  if (!std::filesystem::exists(kSmolLm2) || !std::filesystem::exists(path))
    GTEST_SKIP() << "skipped: no data";
  const auto model = Transformer::Load(kSmolLm2, {}).value();  // bfloat16 weights, float32 arithmetic
  const json reference = ReadJson(path);
  EXPECT_EQ(reference["cases"].size(), 10u);
  int cases = 0;
  for (const json& prompt : reference["cases"]) {
    const std::vector<int64_t> ids = prompt["ids"];
    torch::Tensor logits_TV;
    ExpectLogprobs(LogprobsOf(*model, ids, &logits_TV), prompt["prompt_logprobs"], 1e-3);
    ExpectTop(logits_TV[-1], prompt["last_logits"]["ids"], prompt["last_logits"]["values"], 1e-3);
    // A third of the cases is enough of what takes nearly all the time.
    if (cases++ < 3) ExpectGreedy(*model, ids, prompt["greedy_ids"], prompt["greedy_leads"], 1e-2);
  }
}

}  // namespace
}  // namespace drover::model
