// What generates groups of responses, and what it is asked for: engine.h is the real one, tests bring a fake. No LibTorch
// in it, so that what drives an engine can be built and tested without.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "actor/sampler.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "model/weight_set.h"

namespace drover::actor {

struct GroupRequest {
  uint64_t id = 0;     // the caller's name for it; unique among those in the generator
  uint64_t group = 0;  // names the random numbers
  std::vector<uint32_t> prompt_token_ids;
  v1::SamplingParams sampling;  // top_p 0, top_k 0 and min_p 0 are off
  uint32_t top_tokens = 0;      // so many most probable tokens are recorded at each position
  // Of each response so many tokens, at most max_tokens, whatever they are; no text is made. For measurements; empty: a
  // response ends where the model or a stop text says.
  std::vector<uint32_t> lengths = {};
};

// Of one response, for each of its tokens: the most probable ones at that position, the most probable first.
using TopTokens = std::vector<std::vector<TokenLogprob>>;

struct FinishedGroup {
  uint64_t id = 0;  // of the request, as the prompt is
  std::vector<uint32_t> prompt_token_ids;
  // Not OK: the group could not be served (logits that are not finite: which, where, under which weights), and
  // `responses` is empty.
  absl::Status status;
  // group_size of them, with token_ids, logprobs, versions, finish_reason and text (empty without a tokenizer).
  // Ungraded.
  std::vector<v1::Response> responses;
  std::vector<TopTokens> top_tokens;  // of each response, where the request asks for them
};

// What a group that is here has so far: of each response the tokens, log-probabilities, versions and the text, which
// holds no stop text, but perhaps the beginning of one, or of a character. Points into the generator until it changes.
struct GroupProgress {
  absl::Span<const v1::Response> responses;
  absl::Span<const TopTokens> top_tokens;
};

// Of a generator's memory and work; the counters since its beginning, in tokens that went through the model.
struct GeneratorCounts {
  int64_t pages = 0;               // of keys and values, that there are
  int64_t used_pages = 0;          // that some response holds
  uint64_t sampled_tokens = 0;     // of responses
  uint64_t prefilled_tokens = 0;   // of prompts: a group's once, whatever its size
  uint64_t shared_tokens = 0;      // of prompts, that did not go through it: another prompt's pages held them
  uint64_t recomputed_tokens = 0;  // of preempted responses, again
  uint64_t drafted_tokens = 0;     // guesses that went through the model
  uint64_t accepted_tokens = 0;    // of them, that were right: tokens of responses
  uint64_t preemptions = 0;        // responses that gave their pages back and were computed again
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

  // Nullopt if the group is not here.
  virtual std::optional<GroupProgress> Progress(uint64_t id) const = 0;

  // The frozen weights that later versions adapt (learner.lora): before the first version, and again where others take their
  // place. FAILED_PRECONDITION of a generator that has no adapters.
  virtual absl::Status TakeBase(const model::WeightSet&) {
    return absl::FailedPreconditionError("weights to adapt came, but this recipe has no learner.lora");
  }
  // Later tokens are sampled from `weights`, those of running groups too. Nothing changes on an error.
  virtual absl::Status SwapWeights(uint64_t version, const model::WeightSet& weights) = 0;

  // Called every few seconds while there is nothing to do. An error ends the generator.
  virtual absl::Status Idle() { return absl::OkStatus(); }

  virtual size_t groups() const = 0;  // here, queued or running
  virtual size_t queued() const = 0;  // of which some response was not yet started

  virtual GeneratorCounts counts() const = 0;
};

}  // namespace drover::actor
