// A pass of the model in this process: over its weights, or its rank's part of them, and its memory for keys and values.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/kv_cache.h"
#include "model/pages.h"
#include "model/transformer.h"

namespace drover::actor {

// What of a plan (scheduler/scheduler.h) the model computes.
struct Pass {
  absl::Span<const model::PageCopy> copies;  // whole pages, before the pass
  const std::vector<int64_t>& token_ids;     // of all parts, one after the other
  const std::vector<model::Part>& parts;
  // Which of the parts' outputs, one after the other, are wanted as logits; may be none.
  std::vector<int64_t> outputs;
};

// Memory for keys and values of the heads that the model has here; RESOURCE_EXHAUSTED where it cannot be had.
absl::StatusOr<std::unique_ptr<model::KvCache>> MakeCache(const model::Transformer& model, int32_t pages);

// Not thread-safe.
class PassRunner {
 public:
  PassRunner(std::unique_ptr<model::Transformer> model, std::unique_ptr<model::KvCache> cache)
      : model_(std::move(model)), cache_(std::move(cache)) {}

  // [outputs, V] float32; undefined where none are wanted. Throws what LibTorch throws, and RankGroup::Gather.
  torch::Tensor Run(const Pass& pass);

  model::Transformer& model() { return *model_; }
  const model::Transformer& model() const { return *model_; }
  const model::KvCache& cache() const { return *cache_; }

 private:
  std::unique_ptr<model::Transformer> model_;
  std::unique_ptr<model::KvCache> cache_;
};

}  // namespace drover::actor
