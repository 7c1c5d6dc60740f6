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

  int64_t size() const { return static_cast<int64_t>(responses.size()); }
  // Whether some token of the response has an advantage that is not 0.
  bool HasAdvantage(int64_t response) const;
  // [group][response]; of a response whose advantages differ by token, their mean.
  std::vector<std::vector<double>> AdvantagesByGroup() const;
};

// Log-probabilities as the actors recorded them, by response and token.
std::vector<std::vector<float>> RecordedLogprobs(const Rollout& rollout);

// Whether every response token was sampled by weights of this version.
bool IsOfVersion(const Rollout& rollout, uint64_t version);

Rollout TakeApart(const std::vector<v1::Group>& groups, const AdvantageOptions& options, uint64_t rollout,
                  bool mask_truncated);

}  // namespace drover::learner
