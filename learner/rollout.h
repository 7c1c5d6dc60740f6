// A rollout's groups taken apart into single responses, numbered in the order of the groups.
#pragma once

#include <cstdint>
#include <vector>

#include "drover/v1/group.pb.h"
#include "learner/advantages/advantages.h"
#include "learner/batch.h"

namespace drover::learner {

// Points into the groups, which must outlive it. Vectors are by response number.
struct Rollout {
  std::vector<const v1::Group*> groups;  // the response's group
  std::vector<const v1::Response*> responses;
  std::vector<Sequence> sequences;
  std::vector<int64_t> lengths;                 // prompt and response tokens
  std::vector<std::vector<double>> advantages;  // one for the whole response, or one a token
  std::vector<bool> masked;                     // left out of the loss, counted in N
  // By response and token; empty until known.
  std::vector<std::vector<float>> old_logprobs;
  std::vector<std::vector<float>> reference_logprobs;
  std::vector<std::vector<float>> old_values;      // of a value head, with the weights before the first step
  std::vector<std::vector<double>> value_targets;  // what they are to become

  int64_t size() const { return static_cast<int64_t>(responses.size()); }
  // Whether some token of the response has an advantage that is not 0.
  bool HasAdvantage(int64_t response) const;
  // [group][response]; of a response whose advantages differ by token, their mean.
  std::vector<std::vector<double>> AdvantagesByGroup() const;
};

// Log-probabilities as the actors recorded them, by response and token.
std::vector<std::vector<float>> RecordedLogprobs(const Rollout& rollout);

// One number a token of `flat`, the whole rollout's, one response after the other: float64. By response and token.
std::vector<std::vector<double>> ByResponse(const Rollout& rollout, const torch::Tensor& flat);

// Whether every response token was sampled by weights of this version.
bool IsOfVersion(const Rollout& rollout, uint64_t version);

// With Baseline::kValue advantages are 0 until the values are known.
Rollout TakeApart(const std::vector<v1::Group>& groups, const AdvantageOptions& options, uint64_t rollout,
                  bool mask_truncated);

}  // namespace drover::learner
