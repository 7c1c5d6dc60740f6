#include "programs/model/bench/model.h"

#include <ATen/ATen.h>

#include "base/status.h"
#include "programs/model/bench/shapes.h"

namespace drover::model_tool {
namespace {

constexpr uint64_t kSeed = 1;

void FillRandomly(const model::Transformer& model) {
  at::NoGradGuard no_grad;
  at::manual_seed(kSeed);
  for (const auto& [name, tensor] : model.weights()) {
    const torch::Tensor values = tensor.detach();
    if (values.dim() > 1) {
      values.normal_(0.0, model.config().initializer_range);
    } else if (name.find("norm.weight") != name.npos) {
      values.fill_(1.0);
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<model::Transformer>> BenchModel(const ToolModelOptions& options,
                                                               const std::string& shape,
                                                               model::RankGroup* group) {
  if (!options.dir.empty()) {
    ASSIGN_OR_RETURN(ToolModel model, LoadToolModel(options, group));
    return std::move(model.transformer);
  }
  ASSIGN_OR_RETURN(const model::TransformerOptions resolved, ResolveOptions(options));
  ASSIGN_OR_RETURN(const model::ModelConfig config, BenchShape(shape));
  ASSIGN_OR_RETURN(auto model, model::Transformer::CreateEmpty(config, resolved));
  FillRandomly(*model);
  return model;
}

}  // namespace drover::model_tool
