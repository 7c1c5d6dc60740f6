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
#include "actor/generator.h"
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

// Not thread-safe: one thread calls everything.
class Engine final : public Generator {
 public:
  // `model` is not trainable; its weights are of `version`. `tokenizer` may be null (no texts, no stop texts), else
  // must outlive the engine.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(const EngineOptions& options,
                                                        std::unique_ptr<model::Transformer> model,
                                                        const model::Tokenizer* tokenizer, uint64_t version);
  ~Engine() override;

  // INVALID_ARGUMENT, naming the field, for a request that cannot be served: an empty prompt, a token outside the
  // vocabulary, prompt and max_tokens together over the context, a sampling parameter out of range, stop texts without
  // a tokenizer. ALREADY_EXISTS for an id that is here; RESOURCE_EXHAUSTED when the queue is full.
  absl::Status Add(GroupRequest request) override;

  // Admits what fits, then samples one token for every running response. Returns the groups that ended. What LibTorch
  // throws (memory that cannot be had) fails the running groups; but c10::AcceleratorError, after which the process can
  // use its GPU no more, is passed on.
  std::vector<FinishedGroup> Step() override;

  bool Cancel(uint64_t id) override;

  // Keys and values of earlier tokens stay.
  absl::Status SwapWeights(uint64_t version, const model::WeightSet& weights) override;

  size_t groups() const override;
  size_t queued() const override;
  uint64_t version() const;
  size_t active() const;            // responses being decoded
  uint64_t tokens_sampled() const;  // since Create
  int64_t cache_bytes() const;
  const model::Transformer& model() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::actor
