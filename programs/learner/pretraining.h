// The learner's supervised mode: a fresh model learns worked questions before reinforcement learning begins.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "data/prompt_source.h"
#include "drover/v1/recipe.pb.h"
#include "learner/trainer.h"
#include "model/tokenizer.h"

namespace drover::learner_process {

// Runs all supervised steps of recipe.pretrain. `progress` is called after each with the steps done and the loss; an error of it ends the
// pretraining with that error.
absl::Status Pretrain(const v1::Recipe& recipe, const data::PromptSource& prompts,
                      const model::Tokenizer& tokenizer, learner::Trainer& trainer,
                      const std::function<absl::Status(uint64_t done, double loss)>& progress);

}  // namespace drover::learner_process
