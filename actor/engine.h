// The generation engine: continuous batching over one model, one pass of the model at a time.
//
//   Add --> RunningGroup (what its responses are so far) <------ tokens --------.
//            |                                                                  |
//            v                                                                  |
//        Scheduler ------ plan: parts, pages ------> Transformer::Extend --> DrawTokens
//   (actor/scheduler: who runs, in which pages)          |      ^
//            ^                                           v      |
//            |                                     KvCache (pages of memory)
//        Speculator (actor/drafting: guesses of next tokens)
//
// A Step is one plan: a token for every response that runs, beside the prompts of those that begin, in chunks where they
// are long. A group's prompt goes through the model once. Where the memory for keys and values runs out the youngest
// response gives its own back, and is computed again later.
//
// Each response's random numbers come from (seed, group, response, position), so what else is in the batch, or who
// serves the group, does not change them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actor/actor_ranks.h"
#include "actor/generator.h"
#include "model/tokenizer.h"
#include "model/transformer.h"

namespace drover::actor {

struct EngineOptions {
  int64_t max_batch = 256;    // responses decoded at a time
  int64_t max_queued = 4096;  // groups that wait; Add beyond it is RESOURCE_EXHAUSTED
  int64_t max_context =
      0;  // tokens of prompt and response together; 0: the model's max_positions, or what fits
  int64_t prefill_tokens = 4096;  // of prompts that go through the model at a time
  // Memory for keys and values, never more. 0: enough for max_batch responses of max_context tokens, or a quarter of
  // the machine's free memory (half of a GPU's), whichever is less.
  int64_t cache_bytes = 0;
  // Guesses next tokens from what a response, its prompt and its group have said, and lets a pass work on them, where that
  // makes tokens come faster. Tokens and log-probabilities have the same bits as without. Only where the model's numbers do
  // not depend on what else is in a pass (Transformer::TokensStandAlone: on CPUs); elsewhere nothing is guessed.
  bool speculation = false;
  double draft_margin =
      1.2;  // a guess must be worth so many times what it costs; by 0 every guess is worked on
  // Null, or the ranks of which this process is rank 0 and which are the model's group; the others are in FollowPasses
  // (pass_follower.h). They outlive the engine. cache_bytes is then of each rank.
  ActorRanks* ranks = nullptr;

  absl::Status Validate() const;
};

// Not thread-safe: one thread calls everything.
class Engine final : public Generator {
 public:
  // `model` is not trainable; its weights are of `version`. `tokenizer` may be null (no texts, no stop texts), else
  // must outlive the engine. INVALID_ARGUMENT for options out of range and for a cache in which not one response fits;
  // RESOURCE_EXHAUSTED where its memory cannot be had.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(const EngineOptions& options,
                                                        std::unique_ptr<model::Transformer> model,
                                                        const model::Tokenizer* tokenizer, uint64_t version);
  ~Engine() override;

  // INVALID_ARGUMENT, naming the field, for a request that cannot be served: an empty prompt, a token outside the
  // vocabulary, prompt and max_tokens together over the context, a sampling parameter out of range, stop texts without
  // a tokenizer. ALREADY_EXISTS for an id that is here; RESOURCE_EXHAUSTED when the queue is full.
  absl::Status Add(GroupRequest request) override;

  // Runs one plan: samples a token for every response that runs and whose prompt is through, and more where guesses were
  // right. Returns the groups that
  // ended. What LibTorch throws (memory that cannot be had) fails the groups that have begun; but
  // c10::AcceleratorError, after which the process can use its GPU no more, is passed on, and so is all with several ranks,
  // which are then no longer at the same place.
  std::vector<FinishedGroup> Step() override;

  bool Cancel(uint64_t id) override;

  std::optional<GroupProgress> Progress(uint64_t id) const override;

  absl::Status TakeBase(const model::WeightSet& weights) override;
  // Keys and values of earlier tokens stay, but where they are computed again; no prompt that begins later shares them.
  absl::Status SwapWeights(uint64_t version, const model::WeightSet& weights) override;

  absl::Status Idle() override;

  size_t groups() const override;
  size_t queued() const override;
  GeneratorCounts counts() const override;
  uint64_t version() const;
  size_t active() const;            // responses being decoded
  uint64_t tokens_sampled() const;  // since Create
  int64_t cache_bytes() const;      // what Create took
  int64_t context() const;          // tokens of prompt and response together that fit
  const model::Transformer& model() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::actor
