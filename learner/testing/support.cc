#include "learner/testing/support.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <future>
#include <thread>

#include "base/check.h"
#include "base/random.h"
#include "group/reward.h"
#include "model/torch_dtype.h"

namespace drover::learner::testing_support {

std::unique_ptr<model::Transformer> TinyModel(uint64_t seed, torch::ScalarType dtype, bool recompute) {
  at::set_num_threads(1);  // quickest for such shapes, and rounding does not depend on the machine's cores
  model::TransformerOptions options;
  options.dtype = dtype;
  options.trainable = true;
  options.recompute_layers = recompute;
  auto model = model::Transformer::Create(model::testing::TrainingConfig(), options, seed, /*init_std=*/0.4);
  DROVER_CHECK(model.ok());
  return *std::move(model);
}

std::unique_ptr<model::Transformer> TinyModelFor(const TrainerOptions& options, uint64_t seed,
                                                 torch::ScalarType dtype) {
  return TinyModel(seed, dtype, options.sharding.sharding == Sharding::kWeights);
}

TrainerOptions TinyOptions() {
  TrainerOptions options;
  options.loss.budget = 12;
  options.plan.minibatch_responses = 8;
  options.microbatch_responses = 3;
  options.learning_rate = 1e-3;
  return options;
}

std::vector<v1::Group> MakeRollout(model::Transformer& model, uint64_t seed, const RolloutShape& shape) {
  RandomStream random(seed, RandomPurpose::kQuestions, 0);
  const uint64_t vocab = model.config().vocab_size;
  std::vector<v1::Group> groups(shape.groups);
  for (int g = 0; g < shape.groups; ++g) {
    v1::Group& group = groups[g];
    group.set_group(g);
    group.set_lease(100 + g);
    for (int t = 0; t < shape.prompt_tokens; ++t) group.add_prompt_token_ids(random.Below(vocab));
    for (int i = 0; i < shape.group_size; ++i) {
      v1::Response* response = group.add_responses();
      const int length = 1 + static_cast<int>(random.Below(shape.max_response_tokens));
      for (int t = 0; t < length; ++t) response->add_token_ids(random.Below(vocab));
      response->set_reward(random.Below(2) == 1 ? 1.0 : 0.0);
      response->set_finish_reason(random.Below(6) == 0 ? v1::FINISH_REASON_LENGTH : v1::FINISH_REASON_STOP);
      response->add_versions()->set_version(shape.version);
      response->mutable_versions(0)->set_count(length);
      at::NoGradGuard no_grad;
      const torch::Tensor logprobs = PlainLogprobs(model, group, *response);
      for (int t = 0; t < length; ++t) response->add_logprobs(logprobs[t].item<float>());
    }
  }
  return groups;
}

int64_t TruncatedResponses(const std::vector<v1::Group>& groups) {
  int64_t count = 0;
  for (const v1::Group& group : groups) {
    count += std::count_if(group.responses().begin(), group.responses().end(), group::Truncated);
  }
  return count;
}

torch::Tensor PlainLogprobs(model::Transformer& model, const v1::Group& group, const v1::Response& response,
                            double temperature) {
  std::vector<int64_t> ids(group.prompt_token_ids().begin(), group.prompt_token_ids().end());
  ids.insert(ids.end(), response.token_ids().begin(), response.token_ids().end());
  const int64_t prompt = group.prompt_token_ids_size();
  const torch::Tensor ids_1T = at::tensor(ids, at::kLong).unsqueeze(0);
  const torch::Tensor logits_TV = model.Logits(model.Hidden(ids_1T).squeeze(0)) / temperature;
  const torch::Tensor predicting_KV = logits_TV.slice(0, prompt - 1, ids.size() - 1).log_softmax(-1);
  return predicting_KV.gather(1, ids_1T.slice(1, prompt).t()).squeeze(1);
}

double LargestDifference(const model::Transformer& a, const model::Transformer& b) {
  at::NoGradGuard no_grad;
  double largest = 0.0;
  for (const auto& [name, weight] : a.weights()) {
    largest = std::max(largest, (weight - b.weights().at(name)).abs().max().item<double>());
  }
  return largest;
}

std::vector<torch::Tensor> CopyWeights(const model::Transformer& model) {
  std::vector<torch::Tensor> copies;
  for (const auto& [name, weight] : model.weights())
    copies.push_back(
        weight.detach().to(at::kCPU, weight.scalar_type(), /*non_blocking=*/false, /*copy=*/true));
  return copies;
}

std::vector<torch::Tensor> CopyWeights(Trainer& trainer) {
  if (!trainer.shares_weights()) return CopyWeights(trainer.model());
  const auto weights = trainer.ExportWeights();
  DROVER_CHECK(weights.ok());
  std::vector<torch::Tensor> copies;
  for (const model::TensorView& view : model::WeightViews(*weights))
    copies.push_back(
        model::TensorOfView(view)->to(at::kCPU, at::kFloat, /*non_blocking=*/false, /*copy=*/true));
  return copies;
}

bool SameBits(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].nbytes() != b.at(i).nbytes()) return false;
    if (std::memcmp(a[i].data_ptr(), b[i].data_ptr(), a[i].nbytes()) != 0) return false;
  }
  return a.size() == b.size();
}

std::string FreshFolder(const std::string& name) {
  const std::string path = testing::TempDir() + "/learner_" + name + "_" + std::to_string(getpid());
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

}  // namespace drover::learner::testing_support
