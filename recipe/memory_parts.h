// What the plans of learner and actor have in common. Internal to memory_plan.h.
#pragma once

#include <cstdint>

#include "drover/v1/recipe.pb.h"
#include "model/config.h"
#include "recipe/memory_plan.h"

namespace drover::recipe {

inline constexpr int64_t kFloatBytes = 4;

// Of a number of model.dtype.
int64_t ElementBytes(const v1::Recipe& recipe);

// Numbers of the embedding, and of the head.
int64_t Embedding(const model::ModelConfig& config);

// Bytes that a layer keeps of a token until its backward pass; `e`: bytes of a number of the dtype.
int64_t KeptPerToken(const model::ModelConfig& config, int64_t e, PlannedDevice device);

// With evaluations beside training: of rank 0 and of actors, while newer weights are there. Not in a GPU's memory.
void AddEvaluatedWeights(const v1::Recipe& recipe, const model::ModelConfig& config, PlannedDevice device,
                         MemoryPlan* plan);

MemoryPart ProcessPart(PlannedDevice device);

}  // namespace drover::recipe
