// Small models and made-up rollouts for the learner's tests.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "drover/v1/group.pb.h"
#include "learner/trainer.h"
#include "model/testing/shapes.h"
#include "model/transformer.h"
#include "ranks/testing/run_ranks.h"

namespace drover::learner::testing_support {

// A trainable model of TrainingConfig. Its weights are large enough that its distributions are not flat.
std::unique_ptr<model::Transformer> TinyModel(uint64_t seed = 1, torch::ScalarType dtype = torch::kFloat32,
                                              bool recompute = false);
// As a trainer of these options takes it: with Sharding::kWeights layers are computed again.
std::unique_ptr<model::Transformer> TinyModelFor(const TrainerOptions& options, uint64_t seed = 1,
                                                 torch::ScalarType dtype = torch::kFloat32);

// Rollouts of minibatches of 8 in microbatches of 3, learning rate 1e-3, budget 12.
TrainerOptions TinyOptions();

struct RolloutShape {
  int groups = 4;
  int group_size = 4;
  int prompt_tokens = 5;
  int max_response_tokens = 12;  // lengths are 1 to this
  uint64_t version = 0;          // of all tokens
};

// Random groups with rewards 0 and 1; about one response in six is cut at the limit. Recorded log-probabilities are
// the model's (at temperature 1), so that actor and learner agree.
std::vector<v1::Group> MakeRollout(model::Transformer& model, uint64_t seed, const RolloutShape& shape = {});

int64_t TruncatedResponses(const std::vector<v1::Group>& groups);

// Log-probabilities of the response's tokens by one plain forward pass over this sequence alone.
torch::Tensor PlainLogprobs(model::Transformer& model, const v1::Group& group, const v1::Response& response,
                            double temperature = 1.0);

// The largest absolute difference between the weights of two models of one shape.
double LargestDifference(const model::Transformer& a, const model::Transformer& b);

// A copy of all weights on the CPU, to compare bits with later.
std::vector<torch::Tensor> CopyWeights(const model::Transformer& model);
// The same of a trainer; of one whose ranks share the weights rank 0 calls it while the others follow, and gets what is
// published, as float32.
std::vector<torch::Tensor> CopyWeights(Trainer& trainer);
bool SameBits(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b);

using ranks_testing::RankEnd;
using ranks_testing::RunRanks;

// A fresh folder under the test's temporary directory.
std::string FreshFolder(const std::string& name);

}  // namespace drover::learner::testing_support
