// Master weights of which a rank holds its part (learner.sharding: WEIGHTS), and whole ones for as long as they are read.
//
//   held always      this rank's run of each bucket, float32: what AdamW steps and checkpoints keep
//   forward pass     layer 0 ─▶ layer 1 ─▶ ...      whole: the layer that is computed, and what is of no layer
//   backward pass    ... ─▶ layer 1 ─▶ layer 0      the same again (layers are computed again: model/recompute.h)
//
// A bucket (layer_buckets.h) is gathered in front of its use and given back behind it. The model's leaves stay what they are,
// their memory comes and goes (model/tensor_memory.h). What is of no layer (embedding, head, last norm) is whole for as long as
// a step or a round of forward passes goes on: both ends of the model read it.
//
// The layer that comes next is gathered while this one is computed (exchange_queue.h): two layers are whole at a time.
//
// Every gathering is a collective. Ranks may have different numbers of passes, so they agree on the largest number before the
// first, and one that has made all of its own goes through the layers without computing.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "learner/exchange_queue.h"
#include "learner/layer_buckets.h"
#include "learner/shard_plan.h"
#include "model/layer_weights.h"
#include "ranks/collectives.h"

namespace drover::learner {

// Not thread-safe. Every rank makes the same calls, but for numbers of passes. An error of a gathering is kept, since a pass
// has no way to tell of it: the weights are 0 then, later calls do nothing, and failed() says why.
class WeightShards final : public model::LayerWeights {
 public:
  // Of `parameters`, float32 leaves named `names`, by `plan`, whose buckets are `layout`'s: takes this rank's part of their
  // values, or of those of `source` where it is not null, and their memory. `collectives` and `exchanges` outlive it.
  WeightShards(const std::vector<std::string>& names, const std::vector<torch::Tensor>& parameters,
               const ShardPlan& plan, const LayerBuckets& layout, model::WeightSource source,
               Collectives* collectives, ExchangeQueue* exchanges);

  // This rank's pieces of the parameters, in the order of the plan, flat.
  const std::vector<torch::Tensor>& pieces() const { return pieces_; }

  // Rank 0's values become those of all: `fill` writes parameter i's there, flat; other ranks never call it. A bucket at a time.
  absl::Status Scatter(const std::function<absl::Status(size_t parameter, const torch::Tensor& into)>& fill);
  // The same with the values that the weights began with, whose source is then let go.
  absl::Status ScatterInitial();
  // Calls `visit` with each parameter's number while it is whole, in their order: a bucket at a time.
  absl::Status ForEachWhole(absl::FunctionRef<absl::Status(size_t parameter)> visit);

  // A step begins, whose passes are each `forwards` forward passes and a backward one, and ends.
  absl::Status BeginStep(int64_t forwards);
  absl::Status EndStep();
  // Goes through the layers as a pass of the step does, without computing.
  void MakeEmptyPass();

  // Forward passes, of which this rank makes `passes`, each followed by EndForward; also within a step, between two passes.
  // `progress`, where it is given, is called before each that others make and this rank does not.
  absl::Status BeginForwards(int64_t passes);
  void EndForward();
  absl::Status EndForwards(const std::function<void()>& progress = nullptr);

  void BeginLayer(int64_t layer, model::LayerUse use) override;
  void EndLayer(int64_t layer, model::LayerUse use) override;

  // Called when a layer's backward pass is over and its weights are gone.
  void set_behind_backward(std::function<void(size_t bucket)> call) { behind_backward_ = std::move(call); }
  // Called when what is of no layer is gone.
  void set_behind_ends(std::function<void()> call) { behind_ends_ = std::move(call); }

  const absl::Status& failed() const { return failed_; }
  // The most elements of whole weights that were in memory at one moment since the last BeginStep, padding included.
  int64_t most_elements() const { return most_elements_; }

 private:
  struct Bucket {
    torch::Tensor
        whole;  // [ranks x run], whose memory is there while holds > 0; the parameters are views of it
    torch::Tensor own;  // [run]
    int holds = 0;
    std::optional<uint64_t> coming;  // the exchange that gathers it, while nobody has waited for it
  };

  void TakeOver(size_t bucket);
  // Begins to gather it, unless it is there or on its way.
  void Fetch(size_t bucket);
  void Hold(size_t bucket);
  void LetGo(size_t bucket);
  void HoldEnds();
  void LetEndsGo();
  void MakeEmptyForward();

  const std::vector<std::string> names_;
  const std::vector<torch::Tensor> parameters_;
  const ShardPlan plan_;
  const LayerBuckets layout_;
  model::WeightSource source_;
  Collectives* const collectives_;
  ExchangeQueue* const exchanges_;
  std::vector<size_t> bucket_of_layer_;
  std::vector<size_t> ends_;  // buckets of no layer
  std::vector<Bucket> buckets_;
  torch::Tensor own_;  // [run_elements]
  std::vector<torch::Tensor> pieces_;
  std::function<void(size_t)> behind_backward_;
  std::function<void()> behind_ends_;
  int64_t step_forwards_ = 1;
  int64_t forwards_left_ = 0;       // of this rank, in a round of forward passes ...
  int64_t forwards_of_others_ = 0;  // ... and how many more others make
  int64_t elements_ = 0;
  int64_t most_elements_ = 0;
  absl::Status failed_;
};

}  // namespace drover::learner
