#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "recipe/lora.h"
#include "recipe/memory_plan.h"
#include "recipe/supervised.h"
#include "recipe/value_head.h"

namespace drover::recipe {
namespace {

using model::ModelConfig;

// Down to one example, and no further: a pass has one at least.
bool SmallerMicrobatch(v1::SupervisedSettings* sft, std::string* set) {
  if (sft->microbatch_tokens() <= sft->max_tokens()) return false;
  sft->set_microbatch_tokens(std::max(sft->microbatch_tokens() / 2, sft->max_tokens()));
  *set = absl::StrCat("sft.microbatch_tokens=", sft->microbatch_tokens());
  return true;
}

// The same recipe, one step easier on memory; false when there is none left.
bool Ease(v1::Recipe* recipe, std::string* set) {
  v1::LearnerSettings& learner = *recipe->mutable_learner();
  if (learner.ranks() > 1 && learner.sharding() == v1::NONE && !LoraOf(*recipe)) {
    learner.set_sharding(v1::OPTIMIZER);
    *set = "learner.sharding=OPTIMIZER";
    return true;
  }
  if (!learner.activation_checkpointing()) {
    learner.set_activation_checkpointing(true);
    *set = "learner.activation_checkpointing=true";
    return true;
  }
  if (learner.ranks() > 1 && learner.sharding() == v1::OPTIMIZER) {
    learner.set_sharding(v1::GRADIENTS);
    *set = "learner.sharding=GRADIENTS";
    return true;
  }
  // A value head does not go with WEIGHTS.
  if (learner.ranks() > 1 && learner.sharding() == v1::GRADIENTS && !HasValueHead(*recipe)) {
    learner.set_sharding(v1::WEIGHTS);
    *set = "learner.sharding=WEIGHTS";
    return true;
  }
  if (IsSupervised(*recipe)) {
    if (SmallerMicrobatch(recipe->mutable_sft(), set)) return true;
  } else if (learner.microbatch_responses() > 1) {
    learner.set_microbatch_responses(learner.microbatch_responses() / 2);
    *set = absl::StrCat("learner.microbatch_responses=", learner.microbatch_responses());
    return true;
  }
  if (recipe->model().dtype() != v1::BFLOAT16) {
    recipe->mutable_model()->set_dtype(v1::BFLOAT16);
    *set = "model.dtype=BFLOAT16";
    return true;
  }
  return false;
}

// `fits`: of a recipe and its learner's plan.
template <typename Fits>
std::vector<MemoryChange> ChangesUntil(const v1::Recipe& recipe, const ModelConfig& config,
                                       PlannedDevice device, const Fits& fits) {
  std::vector<MemoryChange> changes;
  v1::Recipe eased = recipe;
  MemoryPlan plan = PlanLearnerMemory(eased, config, device);
  std::string set;
  while (!fits(eased, plan) && Ease(&eased, &set)) {
    plan = PlanLearnerMemory(eased, config, device);
    changes.push_back({set, plan, fits(eased, plan)});
  }
  return changes;
}

}  // namespace

std::vector<MemoryChange> ChangesToFit(const v1::Recipe& recipe, const ModelConfig& config,
                                       PlannedDevice device, int64_t bytes) {
  return ChangesUntil(recipe, config, device, [bytes](const v1::Recipe&, const MemoryPlan& learner) {
    return learner.total() <= bytes;
  });
}

int64_t RunMemory(const v1::Recipe& recipe, const ModelConfig& config) {
  const auto of_ranks = [](const MemoryPlan& plan, int64_t ranks) {
    return plan.total() + (std::max<int64_t>(1, ranks) - 1) * plan.total_of_others();
  };
  const int64_t learners =
      of_ranks(PlanLearnerMemory(recipe, config, PlannedDevice::kCpu), recipe.learner().ranks());
  if (IsSupervised(recipe)) return learners;
  const MemoryPlan actor = PlanActorMemory(recipe, config, PlannedDevice::kCpu, /*free_bytes=*/0);
  return learners +
         std::max<int64_t>(1, recipe.actors().count()) * of_ranks(actor, recipe.actors().tensor_parallel());
}

std::vector<MemoryChange> ChangesToFitRun(const v1::Recipe& recipe, const ModelConfig& config,
                                          int64_t bytes) {
  return ChangesUntil(recipe, config, PlannedDevice::kCpu,
                      [&config, bytes](const v1::Recipe& eased, const MemoryPlan&) {
                        return RunMemory(eased, config) <= bytes;
                      });
}

}  // namespace drover::recipe
