// RunTrainer over learner::Trainer: rank 0's, which leads the other ranks.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/prompt_source.h"
#include "drover/v1/recipe.pb.h"
#include "learner/trainer.h"
#include "model/tokenizer.h"
#include "programs/learner/pretraining.h"
#include "programs/learner/run_parts.h"

namespace drover::learner_process {

// Not thread-safe. Everything that is pointed to outlives it.
class LeadTrainer final : public RunTrainer {
 public:
  LeadTrainer(const v1::Recipe* recipe, const data::PromptSource* prompts, const model::Tokenizer* tokenizer,
              learner::Trainer* trainer)
      : recipe_(recipe), prompts_(prompts), tokenizer_(tokenizer), trainer_(trainer) {}

  absl::Status Pretrain(const std::function<absl::Status(uint64_t done, double loss)>& progress) override {
    return learner_process::Pretrain(*recipe_, *prompts_, *tokenizer_, *trainer_, progress);
  }
  absl::Status BeginReinforcement() override { return trainer_->BeginReinforcement(); }
  absl::StatusOr<learner::UpdateStats> Update(const std::vector<v1::Group>& groups, uint64_t rollout,
                                              uint64_t version, double rate_scale) override {
    return trainer_->Update(groups, rollout, version, rate_scale);
  }
  absl::Status KeepAlive() override { return trainer_->KeepAlive(); }
  uint64_t optimizer_steps() const override { return trainer_->optimizer_steps(); }

 private:
  const v1::Recipe* const recipe_;
  const data::PromptSource* const prompts_;
  const model::Tokenizer* const tokenizer_;
  learner::Trainer* const trainer_;
};

}  // namespace drover::learner_process
