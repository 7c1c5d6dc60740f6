// `drover recipe plan`: what the processes of a recipe would take of memory, before any is started.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drover/v1/recipe.pb.h"

namespace drover::cli {

struct RecipePlanOptions {
  std::string recipe;
  std::vector<std::string> overrides;
  std::string device = "cpu";  // or "cuda"
  uint64_t memory = 0;         // bytes of a device; 0: not known
  bool json = false;
};
int PlanRecipe(const RecipePlanOptions& options);

// A warning where a run on this machine's CPUs would take more memory than is free now, with what to change; none where it
// fits, or where the machine or the model does not say.
std::vector<std::string> MemoryWarnings(const v1::Recipe& recipe);

}  // namespace drover::cli
