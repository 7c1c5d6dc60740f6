// The generation engine: continuous batching over one model, one decode step at a time.
//
//   Add --> queue (bounded) --admit when rows are free: prefill once per group--> rows of the cache --Step--> finished
//
// Each response's random numbers come from (seed, group, response, position), so what else is in the batch, or who
// serves the group, does not change them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "model/tokenizer.h"
#include "model/transformer.h"

namespace drover::actor {

struct EngineOptions {
  int64_t max_batch = 256;        // responses decoded at a time: rows of the cache
  int64_t max_queued = 4096;      // groups that wait; Add beyond it is RESOURCE_EXHAUSTED
  int64_t max_context = 0;        // tokens of prompt and response together; 0: the model's max_positions
  int64_t prefill_tokens = 4096;  // prompts, padding included, that go through the model at a time

  absl::Status Validate() const;
};

struct GroupRequest {
  uint64_t id = 0;     // the caller's name for it; unique among those in the engine
  uint64_t group = 0;  // names the random numbers
  std::vector<uint32_t> prompt_token_ids;
  v1::SamplingParams sampling;  // top_p 0 and top_k 0 are off
};

struct FinishedGroup {
  uint64_t id = 0;
  // Not OK: the group could not be served (logits that are not finite: which, where, under which weights), and
  // `responses` is empty.
  absl::Status status;
  // group_size of them, with token_ids, logprobs, versions, finish_reason and text (empty without a tokenizer).
  std::vector<v1::Response> responses;
};

// Not thread-safe: one thread calls everything.
class Engine {
 public:
  // `model` is not trainable; its weights are of `version`. `tokenizer` may be null (no texts, no stop texts), else
  // must outlive the engine.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(const EngineOptions& options,
                                                        std::unique_ptr<model::Transformer> model,
                                                        const model::Tokenizer* tokenizer, uint64_t version);
  ~Engine();

  // INVALID_ARGUMENT, naming the field, for a request that cannot be served: an empty prompt, a token outside the
  // vocabulary, prompt and max_tokens together over the context, a sampling parameter out of range, stop texts without
  // a tokenizer. ALREADY_EXISTS for an id that is here; RESOURCE_EXHAUSTED when the queue is full.
  absl::Status Add(GroupRequest request);

  // Admits what fits, then samples one token for every running response. Returns the groups that ended. What LibTorch
  // throws (memory that cannot be had) fails the running groups; but c10::AcceleratorError, after which the process can
  // use its GPU no more, is passed on.
  std::vector<FinishedGroup> Step();

  // Forgets the group; false if it is not here.
  bool Cancel(uint64_t id);

  // Later tokens are sampled from `weights`; keys and values of earlier tokens stay. Nothing changes on an error.
  absl::Status SwapWeights(uint64_t version, const model::WeightSet& weights);

  uint64_t version() const;
  size_t active() const;            // responses being decoded
  size_t queued() const;            // groups of which some response was not yet started
  size_t groups() const;            // groups in the engine, queued or running
  uint64_t tokens_sampled() const;  // since Create
  int64_t cache_bytes() const;
  const model::Transformer& model() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::actor
