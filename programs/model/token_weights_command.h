// `drover-model token-weights`: what the learner's own loss makes of graded responses, without a model. For studies of losses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "learner/losses/options.h"

namespace drover::model_tool {

// Graded responses of one prompt.
struct GradedGroup {
  std::vector<double> rewards;
  std::vector<int64_t> lengths;  // tokens, above 0; as many as rewards
};

struct ResponseWeights {
  std::vector<double> advantages;
  // How fast the step's loss falls when the log-probability of one of the response's tokens rises, at ratio 1: what each of its tokens
  // weighs in the gradient, with its sign.
  std::vector<double> token_weights;
};

// `groups` are one optimizer step on the policy that sampled them. By automatic differentiation of MakeLoss, in double precision.
std::vector<ResponseWeights> TokenWeightsOf(const std::vector<GradedGroup>& groups,
                                            const learner::LossOptions& loss, bool normalize_std);

struct TokenWeightsOptions {
  std::string in;   // JSONL {"id","rewards","lengths"}; "-" is standard input
  std::string out;  // JSONL {"id","advantages","token_weights"}, in the same order; "-" is standard output
  bool normalize_std = false;
  learner::LossOptions loss;
};

// INVALID_ARGUMENT or NOT_FOUND for bad input ("FILE:LINE: why"); then there is no output file.
absl::Status TokenWeights(const TokenWeightsOptions& options);

}  // namespace drover::model_tool
