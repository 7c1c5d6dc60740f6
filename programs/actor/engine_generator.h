// The worker's Generator over the generation engine (LibTorch).
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "actor/engine.h"
#include "programs/actor/generator.h"

namespace drover::actor_process {

class EngineGenerator final : public Generator {
 public:
  explicit EngineGenerator(std::unique_ptr<actor::Engine> engine) : engine_(std::move(engine)) {}

  absl::Status Add(Generation generation) override;
  std::vector<Generated> Step() override;
  bool Cancel(uint64_t id) override { return engine_->Cancel(id); }
  absl::Status SwapWeights(uint64_t version, const model::WeightSet& weights) override {
    return engine_->SwapWeights(version, weights);
  }
  size_t groups() const override { return engine_->groups(); }
  size_t queued() const override { return engine_->queued(); }

 private:
  std::unique_ptr<actor::Engine> engine_;
};

}  // namespace drover::actor_process
