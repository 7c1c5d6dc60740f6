// Gradients that leave the rank as soon as they are known (learner.sharding: GRADIENTS, WEIGHTS).
//
//   backward pass   head ─▶ layer L-1 ─▶ layer L-2 ─▶ ... ─▶ embedding
//   in memory       head    L-1          L-2                 embedding      whole, two buckets at a time (the tied head's
//                             │            │                     │          until the pass ends)
//                             ▼            ▼                     ▼          reduce-scatter: each rank gets its run ...
//                   this rank's runs, float32, which the passes of the step add up in
//
// One bucket is in flight at a time, while the next is computed (exchange_queue.h).
//
// A collective is made by all ranks in one order, but ranks may have different numbers of passes in a step: one that has
// no more takes part with zeros, before it does anything else with the others. So every rank makes, for each of the most passes that a rank has, one reduce-scatter a
// bucket, in the order of LayerBuckets, whatever order autograd is in.
//
// Where weights are gathered a layer at a time, too (weight_shards.h), the two take turns: a layer's gradients go when its
// weights are gone, and while the layer in front of it is computed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "learner/exchange_queue.h"
#include "learner/gradients.h"
#include "learner/layer_buckets.h"
#include "learner/weight_shards.h"

namespace drover::learner {

class LayerwiseGradients final : public StepGradients {
 public:
  // `plan` has the buckets of `buckets`, which are of the parameters' names. Between two calls of autograd no parameter
  // has a .grad. `weights`: null where they are whole. `progress`, where it is given, is called before each pass that others make
  // and this rank does not. What outlives it: `collectives`, `exchanges`, `weights`.
  LayerwiseGradients(const std::vector<torch::Tensor>& parameters, const ShardPlan& plan,
                     const LayerBuckets& buckets, torch::ScalarType wire, Collectives* collectives,
                     ExchangeQueue* exchanges, WeightShards* weights = nullptr,
                     std::function<void()> progress = nullptr);
  ~LayerwiseGradients() override;
  LayerwiseGradients(const LayerwiseGradients&) = delete;  // autograd holds its address
  LayerwiseGradients& operator=(const LayerwiseGradients&) = delete;

  absl::Status Begin(int64_t passes) override;
  void EndPass() override;
  absl::Status Sum() override { return failed_; }
  absl::StatusOr<double> Norm() const override { return NormOverRanks(sums_, *collectives_); }

  // The most elements of whole gradients that were in memory at one moment since the last Begin.
  int64_t most_elements() const { return most_elements_; }

 private:
  struct Bucket {
    torch::Tensor whole;  // its gradients in this pass so far, [ranks x run]; undefined: none yet
    size_t to_come = 0;   // of a layer: parameters that autograd has not told of in this pass
  };

  // Autograd has added to parameter i's .grad.
  void Take(size_t parameter);
  bool Complete(size_t bucket) const;
  void SendCompleted();
  void SendThrough(size_t bucket);
  void Send(size_t bucket);
  // Behind it nothing is in flight.
  void AwaitSent();
  void BeginPass();
  void SendTheRest();
  void MakeEmptyPasses();

  const std::vector<torch::Tensor> parameters_;
  const ShardPlan plan_;
  const LayerBuckets layout_;
  const torch::ScalarType wire_;
  Collectives* const collectives_;
  ExchangeQueue* const exchanges_;
  WeightShards* const weights_;
  const std::function<void()> progress_;
  std::vector<size_t> bucket_of_;  // of each parameter
  std::vector<Bucket> buckets_;
  torch::Tensor own_;  // [run_elements]
  // What is in flight, of one bucket at most: the exchange's number, and its elements of whole gradients.
  std::optional<uint64_t> in_flight_;
  int64_t in_flight_elements_ = 0;
  absl::Status failed_;        // the first error of the step: autograd cannot be told of one
  size_t sent_ = 0;            // buckets of this pass, in the layout's order
  bool layers_begun_ = false;  // a layer's gradient came in this pass, so that the head is done
  int64_t passes_ = 0;         // of the step, done
  int64_t own_passes_ = 0;     // that this rank makes
  int64_t all_passes_ = 0;     // the most of any rank
  int64_t elements_ = 0;       // of whole gradients, now
  int64_t most_elements_ = 0;
};

}  // namespace drover::learner
