#include "learner/forward.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "learner/gradients.h"
#include "learner/rollout.h"
#include "learner/testing/support.h"
#include "model/safetensors.h"
#include "model/torch_dtype.h"

namespace drover::learner {
namespace {

using testing_support::MakeRollout;
using testing_support::PlainLogprobs;
using testing_support::TinyModel;

std::vector<int64_t> Numbers(int64_t count) {
  std::vector<int64_t> numbers(count);
  for (int64_t i = 0; i < count; ++i) numbers[i] = i;
  return numbers;
}

TEST(Score, IsWhatOneSequenceAloneGives) {
  const auto model = TinyModel();
  const std::vector<v1::Group> groups = MakeRollout(*model, 11);
  const Rollout rollout = TakeApart(groups, {}, 0, false);
  const Microbatch batch = MakeMicrobatch(rollout.sequences, Numbers(rollout.size()), torch::kCPU);
  for (double temperature : {1.0, 0.7}) {
    ForwardOptions options;
    options.temperature = temperature;
    options.chunk_bytes = 23 * 4 * 10;  // 10 rows a chunk
    const TokenScores scores = Score(*model, batch, options);
    std::vector<std::vector<float>> by_response(rollout.size());
    SplitTokens(batch, scores.logprobs_K, &by_response);
    at::NoGradGuard no_grad;
    for (int64_t r = 0; r < rollout.size(); ++r) {
      const torch::Tensor plain =
          PlainLogprobs(*model, *rollout.groups[r], *rollout.responses[r], temperature);
      ASSERT_EQ(plain.size(0), static_cast<int64_t>(by_response[r].size()));
      for (int64_t t = 0; t < plain.size(0); ++t)
        EXPECT_NEAR(by_response[r][t], plain[t].item<double>(), 1e-5);
    }
  }
}

// Groups whose prompts are most of their tokens.
std::vector<v1::Group> LongPrompts(model::Transformer& model) {
  testing_support::RolloutShape shape;
  shape.groups = 3;
  shape.group_size = 3;
  shape.prompt_tokens = 30;
  shape.max_response_tokens = 5;
  return MakeRollout(model, 13, shape);
}

TEST(MakeMicrobatch, HasEachPromptOnceAndNoPadding) {
  const std::vector<uint32_t> a = {3, 4, 5}, b = {6};
  const std::vector<uint32_t> r0 = {7, 8, 9}, r1 = {10}, r2 = {11, 12}, r3 = {13, 14};
  const std::vector<Sequence> sequences = {{a, r0}, {b, r1}, {a, r2}, {b, r3}};
  const Microbatch batch = MakeMicrobatch(sequences, {0, 1, 2}, torch::kCPU);
  EXPECT_TRUE(batch.input_ids_N.equal(at::tensor({3, 4, 5, 7, 8, 11, 6}, at::kLong)));
  EXPECT_EQ(batch.responses, (std::vector<int64_t>{0, 2, 1}));
  EXPECT_EQ(batch.lengths, (std::vector<int64_t>{3, 2, 1}));
  EXPECT_TRUE(batch.rows_K.equal(at::tensor({2, 3, 4, 2, 5, 6}, at::kLong)));
  EXPECT_TRUE(batch.targets_K.equal(at::tensor({7, 8, 9, 11, 12, 10}, at::kLong)));
  ASSERT_EQ(batch.segments.size(), 4u);
  EXPECT_EQ(batch.segments[2].begin, 5);
  EXPECT_EQ(batch.segments[2].tokens, 1);
  EXPECT_EQ(batch.segments[2].prefix, 3);
  EXPECT_EQ(batch.segments[3].prefix, 0);  // one response: prompt and response are one segment
}

// By kernels of ours, and by rows, as GPUs have it.
class Attentions : public ::testing::TestWithParam<bool> {
 protected:
  // TinyModel's weights.
  std::unique_ptr<model::Transformer> Model() const {
    const auto kernels = TinyModel();
    model::TransformerOptions options = kernels->options();
    options.attention_by_rows = GetParam();
    auto model = model::Transformer::CreateEmpty(kernels->config(), options);
    EXPECT_TRUE(model.ok()) << model.status();
    EXPECT_TRUE((*model)->Import(kernels->Export().value()).ok());
    return *std::move(model);
  }
};
INSTANTIATE_TEST_SUITE_P(All, Attentions, ::testing::Bool());

TEST_P(Attentions, GiveTheLogprobsOfOneSequenceAlone) {
  const auto model = Model();
  const std::vector<v1::Group> groups = LongPrompts(*model);
  const Rollout rollout = TakeApart(groups, {}, 0, false);
  std::vector<std::vector<float>> by_response(rollout.size());
  const auto microbatches =
      PlanMicrobatches(rollout.sequences, {8, 1, 2, 3, 4, 5, 6, 7, 0}, /*microbatch_responses=*/6);
  ASSERT_EQ(microbatches.size(), 2u);
  for (const auto& responses : microbatches) {
    const Microbatch batch = MakeMicrobatch(rollout.sequences, responses, torch::kCPU);
    int64_t tokens = 30 * static_cast<int64_t>(responses.size()) / 3;  // each prompt once
    for (int64_t r : responses) tokens += static_cast<int64_t>(rollout.sequences[r].response.size()) - 1;
    EXPECT_EQ(batch.input_ids_N.size(0), tokens);
    SplitTokens(batch, Score(*model, batch, {}).logprobs_K, &by_response);
  }
  at::NoGradGuard no_grad;
  for (int64_t r = 0; r < rollout.size(); ++r) {
    const torch::Tensor plain = PlainLogprobs(*model, *rollout.groups[r], *rollout.responses[r]);
    ASSERT_EQ(plain.size(0), static_cast<int64_t>(by_response[r].size()));
    for (int64_t t = 0; t < plain.size(0); ++t) EXPECT_NEAR(by_response[r][t], plain[t].item<double>(), 1e-5);
  }
}

TEST_P(Attentions, GiveTheGradientOfResponsesAlone) {
  const auto model = Model();
  const std::vector<v1::Group> groups = LongPrompts(*model);
  const Rollout rollout = TakeApart(groups, {}, 0, false);
  std::vector<torch::Tensor> weights;
  for (const auto& [name, weight] : model->weights()) weights.push_back(weight);
  GradientBucket bucket(weights);
  std::vector<double> factors;
  for (int64_t r = 0; r < rollout.size(); ++r) factors.push_back(0.5 * r - 1.7);
  const auto add = [&](const Microbatch& batch) {
    const torch::Tensor factors_K = PerToken(batch, factors);
    ForwardBackward(*model, batch, {}, [&](int64_t begin, const TokenScores& scores_R) {
      return (scores_R.logprobs_K * factors_K.narrow(0, begin, scores_R.logprobs_K.size(0))).sum();
    });
  };
  for (int64_t r = 0; r < rollout.size(); ++r) {
    const Microbatch alone = MakeMicrobatch(rollout.sequences, {r}, torch::kCPU);
    ASSERT_EQ(alone.segments.size(), 1u);
    add(alone);
  }
  const torch::Tensor plain = bucket.flat().clone();
  bucket.Zero();
  add(MakeMicrobatch(rollout.sequences, Numbers(rollout.size()), torch::kCPU));
  EXPECT_LT((bucket.flat() - plain).norm().item<double>(), 1e-5 * plain.norm().item<double>());
}

// The entropy's gradient beside autograd's of p log p in double, every response alone; without being asked for there is none.
TEST(ForwardBackward, DifferentiatesTheEntropyWhereAsked) {
  const auto model = TinyModel();
  const std::vector<v1::Group> groups = LongPrompts(*model);
  const Rollout rollout = TakeApart(groups, {}, 0, false);
  std::vector<torch::Tensor> weights;
  for (const auto& [name, weight] : model->weights()) weights.push_back(weight);
  GradientBucket bucket(weights);
  constexpr double kTemperature = 0.8;
  for (int64_t r = 0; r < rollout.size(); ++r) {
    const v1::Group& group = *rollout.groups[r];
    std::vector<int64_t> ids(group.prompt_token_ids().begin(), group.prompt_token_ids().end());
    ids.insert(ids.end(), rollout.responses[r]->token_ids().begin(), rollout.responses[r]->token_ids().end());
    const torch::Tensor logits_TV =
        model->Logits(model->Hidden(at::tensor(ids, at::kLong).unsqueeze(0)).squeeze(0));
    const torch::Tensor p_KV = (logits_TV.to(at::kDouble) / kTemperature)
                                   .slice(0, group.prompt_token_ids_size() - 1, ids.size() - 1)
                                   .softmax(-1);
    (-(p_KV * p_KV.log()).sum() * (1.0 + 0.5 * static_cast<double>(r))).backward();
  }
  const torch::Tensor plain = bucket.flat().clone();
  bucket.Zero();
  std::vector<double> factors;
  for (int64_t r = 0; r < rollout.size(); ++r) factors.push_back(1.0 + 0.5 * static_cast<double>(r));
  const Microbatch batch = MakeMicrobatch(rollout.sequences, Numbers(rollout.size()), torch::kCPU);
  const torch::Tensor factors_K = PerToken(batch, factors);
  ForwardOptions options;
  options.temperature = kTemperature;
  options.chunk_bytes = 23 * 4 * 7;  // 7 rows a chunk
  options.entropy_gradient = true;
  ForwardBackward(*model, batch, options, [&](int64_t begin, const TokenScores& scores_R) {
    return (scores_R.entropy_K * factors_K.narrow(0, begin, scores_R.entropy_K.size(0))).sum();
  });
  EXPECT_LT((bucket.flat() - plain).norm().item<double>(), 1e-5 * plain.norm().item<double>());
  options.entropy_gradient = false;
  ForwardBackward(*model, batch, options, [&](int64_t, const TokenScores& scores_R) {
    EXPECT_FALSE(scores_R.entropy_K.requires_grad());
    return scores_R.logprobs_K.sum();
  });
}

// What makes microbatches a matter of speed alone: the same bits.
TEST(Score, BitsDoNotDependOnTheMicrobatch) {
  const auto model = TinyModel();
  const std::vector<v1::Group> groups = LongPrompts(*model);
  const Rollout rollout = TakeApart(groups, {}, 0, false);
  std::vector<std::vector<float>> together(rollout.size()), alone(rollout.size());
  const Microbatch all = MakeMicrobatch(rollout.sequences, Numbers(rollout.size()), torch::kCPU);
  SplitTokens(all, Score(*model, all, {}).logprobs_K, &together);
  for (int64_t r = 0; r < rollout.size(); ++r) {
    const Microbatch one = MakeMicrobatch(rollout.sequences, {r}, torch::kCPU);
    SplitTokens(one, Score(*model, one, {}).logprobs_K, &alone);
    EXPECT_EQ(alone[r], together[r]) << "response " << r;
  }
}

TEST(Score, EntropyIsThatOfThePredictingDistribution) {
  const auto model = TinyModel();
  const std::vector<uint32_t> prompt = {3, 4};
  const std::vector<uint32_t> response = {5};
  const std::vector<Sequence> sequences = {{prompt, response}};
  const TokenScores scores = Score(*model, MakeMicrobatch(sequences, {0}, torch::kCPU), {});
  at::NoGradGuard no_grad;
  const torch::Tensor p =
      model->Logits(model->Hidden(at::tensor({3, 4}, at::kLong).unsqueeze(0))[0]).softmax(-1)[1];
  EXPECT_NEAR(scores.entropy_K.item<double>(), -(p * p.log()).sum().item<double>(), 1e-5);
  EXPECT_NEAR(scores.logprobs_K.item<double>(), p[5].log().item<double>(), 1e-5);
}

TEST(ForwardBackward, ChunksDoNotChangeTheGradient) {
  const auto model = TinyModel();
  const std::vector<v1::Group> groups = MakeRollout(*model, 12);
  const Rollout rollout = TakeApart(groups, {}, 0, false);
  const Microbatch batch = MakeMicrobatch(rollout.sequences, Numbers(rollout.size()), torch::kCPU);
  std::vector<torch::Tensor> weights;
  for (const auto& [name, weight] : model->weights()) weights.push_back(weight);
  GradientBucket bucket(weights);
  const torch::Tensor factors_K = at::linspace(-1.0, 2.0, batch.tokens());

  std::vector<torch::Tensor> gradients;
  for (int64_t chunk_bytes : {int64_t{1} << 20, int64_t{23 * 4 * 7}, int64_t{1}}) {
    ForwardOptions options;
    options.chunk_bytes = chunk_bytes;
    bucket.Zero();
    int64_t seen = 0;
    ForwardBackward(*model, batch, options, [&](int64_t begin, const TokenScores& scores_R) {
      const int64_t rows = scores_R.logprobs_K.size(0);
      EXPECT_EQ(begin, seen);
      seen += rows;
      return (scores_R.logprobs_K * factors_K.narrow(0, begin, rows)).sum();
    });
    EXPECT_EQ(seen, batch.tokens());
    gradients.push_back(bucket.flat().clone());
  }
  EXPECT_GT(NormOf({bucket.flat()}), 1.0);
  for (const torch::Tensor& gradient : gradients) {
    EXPECT_LT((gradient - gradients[0]).norm().item<double>(), 1e-5 * gradients[0].norm().item<double>());
  }
}

// loss = -sum advantages x log p / 100 and its gradients, as Hugging Face's models compute them.
class ReferenceGradients : public testing::TestWithParam<const char*> {};

TEST_P(ReferenceGradients, AgreeInEveryParameter) {
  const std::string dir = std::string("../shared/models/with_gradients/") + GetParam();
  if (!std::filesystem::exists(dir)) GTEST_SKIP() << "skipped: no data";
  model::TransformerOptions options;
  options.trainable = true;
  auto model = model::Transformer::Load(dir, options);
  ASSERT_TRUE(model.ok()) << model.status().ToString();
  auto file = model::SafetensorsFile::Open(dir + "/reference.safetensors");
  ASSERT_TRUE(file.ok()) << file.status().ToString();
  const auto tensor = [&](const std::string& name) { return *model::TensorOfView(*file->Find(name)); };

  const model::TensorView& ids = *file->Find("input_ids");
  const int64_t rows = ids.shape[0], length = ids.shape[1];
  std::vector<uint32_t> tokens(rows * length);
  for (size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = ids.dtype == model::Dtype::kI64 ? reinterpret_cast<const int64_t*>(ids.bytes.data())[i]
                                                : reinterpret_cast<const int32_t*>(ids.bytes.data())[i];
  }
  std::vector<Sequence> sequences;
  for (int64_t row = 0; row < rows; ++row) {
    const absl::Span<const uint32_t> all(tokens.data() + row * length, length);
    sequences.push_back({all.subspan(0, 1), all.subspan(1)});
  }
  const torch::Tensor advantages_K = tensor("advantages").reshape({-1});
  std::vector<torch::Tensor> weights;
  for (const auto& [name, weight] : (*model)->weights()) weights.push_back(weight);
  GradientBucket bucket(weights);
  double loss = 0.0;
  ForwardBackward(**model, MakeMicrobatch(sequences, {0, 1, 2}, torch::kCPU), {},
                  [&](int64_t begin, const TokenScores& scores_R) {
                    const int64_t count = scores_R.logprobs_K.size(0);
                    const torch::Tensor part =
                        -(scores_R.logprobs_K * advantages_K.narrow(0, begin, count)).sum() / 100.0;
                    loss += part.item<double>();
                    return part;
                  });
  EXPECT_NEAR(loss, tensor("loss").item<double>(), 1e-4);
  for (const auto& [name, weight] : (*model)->weights()) {
    ASSERT_NE(file->Find("grad." + name), nullptr) << name;
    const torch::Tensor expected = tensor("grad." + name);
    const double scale = expected.abs().max().item<double>();
    EXPECT_LT((weight.grad() - expected).abs().max().item<double>(), 1e-4 * scale + 1e-7) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, ReferenceGradients,
                         testing::Values("tiny_llama_smol", "tiny_llama3", "tiny_qwen2"));

}  // namespace
}  // namespace drover::learner
