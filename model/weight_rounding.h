// Weights as they are published.
#pragma once

#include <torch/types.h>

#include <string>

#include "absl/status/status.h"
#include "model/weight_set.h"

namespace drover::model {

// Adds the weight's values, rounded to `dtype`, to the set: a copy.
absl::Status AddRounded(const std::string& name, const torch::Tensor& weight, torch::ScalarType dtype,
                        WeightSetBuilder* builder);

}  // namespace drover::model
