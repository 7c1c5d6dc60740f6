// How much memory the processes of a recipe take, known before any is started. Arithmetic over the recipe and the model's
// shape; docs/reference/memory.md has the formulas, docs/results/memory-plan.md what was measured beside them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drover/v1/recipe.pb.h"
#include "model/config.h"
#include "recipe/memory_parts.h"

namespace drover::recipe {

// One rank of the learner, in the step with the longest responses that the recipe allows, all of them as long; of a supervised
// run with the longest examples.
// `config`: what model.path says, or EmbeddedConfig.
MemoryPlan PlanLearnerMemory(const v1::Recipe& recipe, const model::ModelConfig& config,
                             PlannedDevice device);

// One actor with its keys and values, of several processes (actors.tensor_parallel) rank 0: actors.cache_bytes, or as much as actors.max_batch responses can need, but not
// more than `free_bytes` leave.
MemoryPlan PlanActorMemory(const v1::Recipe& recipe, const model::ModelConfig& config, PlannedDevice device,
                           int64_t free_bytes);

// What a rank of the learner and an actor that share a GPU of `bytes` take together. Without actors.cache_bytes the actor's keys
// and values have what is left.
int64_t SharedGpuMemory(const v1::Recipe& recipe, const model::ModelConfig& config, int64_t bytes);

// A change of the recipe and the learner's plan with it and all before it.
struct MemoryChange {
  std::string set;  // as --set takes it: "learner.microbatch_responses=4"
  MemoryPlan plan;
  bool fits = false;  // with it, what was to fit does
};

// What to change, in this order, until a learner's rank fits into `bytes`: with several ranks the moments spread over them,
// layers computed again, with several ranks the gradients spread too, then the weights, smaller microbatches, bfloat16. Empty if it fits as it is; the last plan still does not fit where nothing of this helps.
std::vector<MemoryChange> ChangesToFit(const v1::Recipe& recipe, const model::ModelConfig& config,
                                       PlannedDevice device, int64_t bytes);

// All learners and actors of a run on the CPUs of one machine (a supervised run has no actors). Of keys and values those alone that actors.cache_bytes names: others
// the actors make fit into what is left. Bytes.
int64_t RunMemory(const v1::Recipe& recipe, const model::ModelConfig& config);

// ChangesToFit for the whole run: until RunMemory is at most `bytes`.
std::vector<MemoryChange> ChangesToFitRun(const v1::Recipe& recipe, const model::ModelConfig& config,
                                          int64_t bytes);

}  // namespace drover::recipe
