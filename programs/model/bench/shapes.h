// Shapes of well-known models, for measurements with random weights: nothing is downloaded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/config.h"

namespace drover::model_tool {

constexpr uint32_t kBenchGroupSize = 8;  // responses a prompt, in every measurement

// "embedded" (the model of recipes/arithmetic.textproto), "smollm2-135m", "qwen2.5-1.5b", "qwen2.5-7b": what their
// config.json says. INVALID_ARGUMENT, with all names, for another.
absl::StatusOr<model::ModelConfig> BenchShape(std::string_view name);
std::vector<std::string> BenchShapeNames();

// Floating-point operations of one token's forward pass that attends to `context` tokens: two an element of each
// matrix, and two for each key's and each value's element.
double ForwardFlops(const model::ModelConfig& config, double context);
// Bytes of the keys and values of one token, in elements of `element_bytes`.
int64_t CacheBytesPerToken(const model::ModelConfig& config, int64_t element_bytes);

}  // namespace drover::model_tool
