// The model that a measurement runs.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "programs/model/tool_model.h"

namespace drover::model_tool {

// The directory of `options`, or (empty) random weights in `shape` (shapes.h): matrices are normal numbers of LibTorch's
// generator on the device, so that billions take seconds.
absl::StatusOr<std::unique_ptr<model::Transformer>> BenchModel(const ToolModelOptions& options,
                                                               const std::string& shape);

}  // namespace drover::model_tool
