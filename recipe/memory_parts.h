// What memory plans are made of (memory_plan.h), and what those of learner and actor have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drover/v1/recipe.pb.h"
#include "model/config.h"

namespace drover::recipe {

// Where a process computes: what it keeps differs.
enum class PlannedDevice { kCpu, kGpu };

struct MemoryPart {
  std::string name;  // short, of the tables: "master weights"
  std::string what;  // why it is there and what it grows with
  int64_t bytes = 0;
  std::optional<int64_t> others;  // of a rank above 0, where it holds less of it
};

// The most that a process holds at one moment.
struct MemoryPlan {
  std::vector<MemoryPart> parts;
  int64_t total() const;
  int64_t total_of_others() const;  // of a rank above 0
};

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

// Programs and libraries, threads' stacks, small blocks of memory: `on_cpu` bytes where that is all there is, else the device's
// context.
MemoryPart ProcessPart(PlannedDevice device, int64_t on_cpu);

}  // namespace drover::recipe
