// Logits, log-probabilities and gradients of a GPU against the CPU's, on small models of every family; skipped where
// there is no GPU. The largest gaps are in the tests' entries of GoogleTest's JSON.
//
//   float32    gaps to the CPU below 1e-4 (gradients: of the largest gradient of the tensor, where that is over 1)
//   bfloat16   both sides round in other places, so that each is held to the same third: double precision for logits
//              (model/testing/naive_transformer.h), the CPU's float32 gradient for gradients. The GPU may be off by
//              twice what the CPU's bfloat16 is off by, in the root of the mean square
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/random.h"
#include "model/testing/device.h"
#include "model/testing/tiny_models.h"
#include "model/transformer.h"

namespace drover {
namespace {

using model::Transformer;
using model::testing::RecordFigure;

constexpr int64_t kRows = 3, kTokens = 24;
constexpr double kFloat32 = 1e-4;
constexpr double kBfloat16Factor = 2.0;

using Gradients = std::map<std::string, torch::Tensor>;

struct Results {
  torch::Tensor logits_BTV;
  torch::Tensor logprobs_BT;  // of the next token
  Gradients gradients;        // of -sum(advantage * logprob) / 100
};

torch::Tensor RandomIds(int64_t vocabulary) {
  RandomStream random(17, RandomPurpose::kQuestions, 0);
  std::vector<int64_t> ids(kRows * kTokens);
  for (int64_t& id : ids) id = static_cast<int64_t>(random.Below(static_cast<uint64_t>(vocabulary)));
  return at::tensor(ids, at::kLong).reshape({kRows, kTokens});
}

// Everything on the CPU afterwards.
Results Compute(Transformer& model, const torch::Tensor& ids_BT) {
  const torch::Device device = model.options().device;
  Results results;
  const torch::Tensor logits_BTV = model.Logits(model.Hidden(ids_BT.to(device)));
  const int64_t predicted = ids_BT.size(1) - 1;
  const torch::Tensor logprobs_BT = logits_BTV.narrow(1, 0, predicted)
                                        .log_softmax(-1)
                                        .gather(2, ids_BT.to(device).narrow(1, 1, predicted).unsqueeze(2))
                                        .squeeze(2);
  // Advantages of both signs, different for each token.
  const torch::Tensor advantages_BT = at::arange(logprobs_BT.numel(), at::kFloat)
                                          .remainder(7)
                                          .sub(3.0)
                                          .reshape(logprobs_BT.sizes())
                                          .to(device);
  const torch::Tensor loss = -(advantages_BT * logprobs_BT).sum() / 100.0;
  loss.backward();
  results.logits_BTV = logits_BTV.detach().cpu();
  results.logprobs_BT = logprobs_BT.detach().cpu();
  for (const auto& [name, weight] : model.weights()) results.gradients[name] = weight.grad().detach().cpu();
  return results;
}

double Largest(const torch::Tensor& a, const torch::Tensor& b) { return (a - b).abs().max().item<double>(); }

double RootMeanSquare(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).square().mean().sqrt().item<double>();
}

// The largest gap of all tensors, in units of max(1, the tensor's largest gradient).
double LargestGradientGap(const Gradients& wanted, const Gradients& got) {
  double largest = 0.0;
  for (const auto& [name, gradient] : wanted) {
    largest = std::max(largest,
                       Largest(gradient, got.at(name)) / std::max(1.0, gradient.abs().max().item<double>()));
  }
  return largest;
}

torch::Tensor Joined(const Gradients& gradients) {
  std::vector<torch::Tensor> flat;
  for (const auto& [name, gradient] : gradients) flat.push_back(gradient.flatten());
  return at::cat(flat);
}

torch::Tensor InDoublePrecision(const Transformer& model, const torch::Tensor& ids_BT) {
  const auto weights = model::testing::ToNaive(model);
  const torch::Tensor logits_BTV =
      at::empty({ids_BT.size(0), ids_BT.size(1), model.config().vocab_size}, at::kDouble);
  for (int64_t b = 0; b < ids_BT.size(0); ++b) {
    const torch::Tensor ids_T = ids_BT[b].contiguous();
    const int64_t* const ids = ids_T.const_data_ptr<int64_t>();
    const auto logits = model::testing::NaiveLogits(model.config(), weights, {ids, ids + ids_T.size(0)});
    for (size_t t = 0; t < logits.size(); ++t) logits_BTV[b][t].copy_(at::tensor(logits[t], at::kDouble));
  }
  return logits_BTV;
}

// A small model on any device and in any dtype, always with the same weights.
using MakeModel = std::function<std::unique_ptr<Transformer>(const model::TransformerOptions&)>;

class Agreement : public model::testing::DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    at::set_num_threads(1);
  }

  Results On(torch::Device device, torch::ScalarType dtype, const MakeModel& make) {
    const auto model = make({.device = device, .dtype = dtype, .trainable = true});
    return Compute(*model, RandomIds(model->config().vocab_size));
  }

  void ExpectFloat32(const MakeModel& make) {
    const Results cpu = On(torch::kCPU, torch::kFloat32, make), gpu = On(device(), torch::kFloat32, make);
    const double logits = Largest(cpu.logits_BTV, gpu.logits_BTV);
    const double logprobs = Largest(cpu.logprobs_BT, gpu.logprobs_BT);
    const double gradients = LargestGradientGap(cpu.gradients, gpu.gradients);
    RecordFigure("float32_logits_gap", logits);
    RecordFigure("float32_logprobs_gap", logprobs);
    RecordFigure("float32_gradients_gap", gradients);
    EXPECT_LT(logits, kFloat32);
    EXPECT_LT(logprobs, kFloat32);
    EXPECT_LT(gradients, kFloat32);
    const auto model = make({.trainable = true});
    const double exact = Largest(gpu.logits_BTV.to(at::kDouble),
                                 InDoublePrecision(*model, RandomIds(model->config().vocab_size)));
    RecordFigure("float32_logits_gap_to_double", exact);
    EXPECT_LT(exact, kFloat32);
  }

  void ExpectBfloat16(const MakeModel& make) {
    const Results cpu = On(torch::kCPU, torch::kBFloat16, make), gpu = On(device(), torch::kBFloat16, make);
    const auto rounded = make({.dtype = torch::kBFloat16, .trainable = true});
    const torch::Tensor exact_BTV = InDoublePrecision(*rounded, RandomIds(rounded->config().vocab_size));
    const Results float32 = On(torch::kCPU, torch::kFloat32, make);
    const double of_cpu = RootMeanSquare(cpu.logits_BTV, exact_BTV);
    const double of_gpu = RootMeanSquare(gpu.logits_BTV, exact_BTV);
    RecordFigure("bfloat16_logits_rms_cpu", of_cpu);
    RecordFigure("bfloat16_logits_rms", of_gpu);
    EXPECT_LT(of_gpu, kBfloat16Factor * of_cpu);
    const torch::Tensor wanted = Joined(float32.gradients);
    const double gradients_of_cpu = RootMeanSquare(Joined(cpu.gradients), wanted);
    const double gradients_of_gpu = RootMeanSquare(Joined(gpu.gradients), wanted);
    RecordFigure("bfloat16_gradients_rms_cpu", gradients_of_cpu);
    RecordFigure("bfloat16_gradients_rms", gradients_of_gpu);
    EXPECT_LT(gradients_of_gpu, kBfloat16Factor * gradients_of_cpu);
    const torch::Tensor zeros = at::zeros_like(exact_BTV);
    EXPECT_LT(of_cpu, 0.05 * RootMeanSquare(exact_BTV, zeros)) << "the yardstick itself is bent";
  }
};

class AgreementOfFamilies : public Agreement, public ::testing::WithParamInterface<const char*> {
 protected:
  MakeModel Family() const {
    return [family = std::string(GetParam())](const model::TransformerOptions& options) {
      return model::testing::TinyModel(model::testing::TinyConfig(family), options);
    };
  }
};

TEST_P(AgreementOfFamilies, Float32) { ExpectFloat32(Family()); }
TEST_P(AgreementOfFamilies, Bfloat16) { ExpectBfloat16(Family()); }
INSTANTIATE_TEST_SUITE_P(All, AgreementOfFamilies,
                         ::testing::Values("llama", "llama3", "linear", "yarn", "mistral", "qwen2", "qwen3",
                                           "smollm3", "gemma2", "gemma3_text", "phi3", "olmo2"));

// The directories of $DROVER_FIXTURES (../shared/models/README.md), random weights of Hugging Face's initialisation.
class AgreementOfFixtures : public Agreement, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("DROVER_FIXTURES");
    dir_ = std::string(folder == nullptr ? "../shared/models" : folder) + "/" + GetParam();
    if (!std::filesystem::exists(dir_)) GTEST_SKIP() << "skipped: no data";
    Agreement::SetUp();
  }
  MakeModel Fixture() const {
    return
        [this](const model::TransformerOptions& options) { return Transformer::Load(dir_, options).value(); };
  }

 private:
  std::string dir_;
};

TEST_P(AgreementOfFixtures, Float32) { ExpectFloat32(Fixture()); }
TEST_P(AgreementOfFixtures, Bfloat16) { ExpectBfloat16(Fixture()); }
INSTANTIATE_TEST_SUITE_P(All, AgreementOfFixtures,
                         ::testing::Values("llama", "llama3_rope", "llama_head_dim", "mistral", "qwen2",
                                           "qwen2_untied", "qwen3"));

}  // namespace
}  // namespace drover
