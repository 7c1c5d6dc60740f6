// What generates groups of responses, and what it is asked for: engine.h is the real one, tests bring a fake. No LibTorch
// in it, so that what drives an engine can be built and tested without.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "model/weight_set.h"

namespace drover::actor {

struct GroupRequest {
  uint64_t id = 0;     // the caller's name for it; unique among those in the generator
  uint64_t group = 0;  // names the random numbers
  std::vector<uint32_t> prompt_token_ids;
  v1::SamplingParams sampling;  // top_p 0 and top_k 0 are off
};

struct FinishedGroup {
  uint64_t id = 0;  // of the request, as the prompt is
  std::vector<uint32_t> prompt_token_ids;
  // Not OK: the group could not be served (logits that are not finite: which, where, under which weights), and
  // `responses` is empty.
  absl::Status status;
  // group_size of them, with token_ids, logprobs, versions, finish_reason and text (empty without a tokenizer).
  // Ungraded.
  std::vector<v1::Response> responses;
};

// Not thread-safe: one thread calls everything.
class Generator {
 public:
  virtual ~Generator() = default;

  // An error says why this group cannot be served; then it is not here.
  virtual absl::Status Add(GroupRequest request) = 0;

  // One decode step for all that runs. Returns the groups that ended.
  virtual std::vector<FinishedGroup> Step() = 0;

  // Forgets the group; false if it is not here.
  virtual bool Cancel(uint64_t id) = 0;

  // Later tokens are sampled from `weights`, those of running groups too. Nothing changes on an error.
  virtual absl::Status SwapWeights(uint64_t version, const model::WeightSet& weights) = 0;

  virtual size_t groups() const = 0;  // here, queued or running
  virtual size_t queued() const = 0;  // of which some response was not yet started
};

}  // namespace drover::actor
