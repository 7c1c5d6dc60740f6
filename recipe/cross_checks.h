#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drover/v1/recipe.pb.h"
#include "model/model_config.h"
#include "recipe/problems.h"

namespace drover::recipe {

// What concerns several fields together, and single ones whose rule is more than a range. A check is left out when a
// field that it reads has a problem already.
void CheckAcrossFields(const v1::Recipe& recipe, Problems& problems);

// The longest prompt and the longest response fit `positions`, the limit called `limit_name`.
void CheckPositions(const v1::Recipe& recipe, const std::string& limit_name, uint64_t positions,
                    Problems& problems);

// A model of this configuration can be shared out among actors.tensor_parallel processes.
void CheckTensorParallel(const v1::Recipe& recipe, const model::ModelConfig& config, Problems& problems);

// The graders of drover-verifier (verifier/answer/registry.cc, which a test of programs/drover/ compares).
const std::vector<std::string>& ShippedGraders();

}  // namespace drover::recipe
