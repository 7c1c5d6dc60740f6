// The model that a measurement runs.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "programs/model/tool_model.h"

namespace drover::model_tool {

// The directory of `options`, or (empty) random weights in `shape` (shapes.h): matrices are normal numbers of LibTorch's
// generator on the device, so that billions take seconds. With a group, of a directory alone, the rank's part of it.
absl::StatusOr<std::unique_ptr<model::Transformer>> BenchModel(const ToolModelOptions& options,
                                                               const std::string& shape,
                                                               model::RankGroup* group = nullptr);

}  // namespace drover::model_tool
