#include "model/testing/tiny_models.h"

#include <ATen/ATen.h>

#include "base/check.h"
#include "base/random.h"
#include "model/torch_dtype.h"

namespace drover::model::testing {

std::unique_ptr<Transformer> TinyModel(const ModelConfig& config, const TransformerOptions& options,
                                       uint64_t seed) {
  auto model = Transformer::Create(config, options, seed, /*init_std=*/0.25);
  DROVER_CHECK(model.ok());
  at::NoGradGuard no_grad;
  uint64_t stream = 1000;
  for (const auto& [name, tensor] : (*model)->weights()) {
    if (tensor.dim() > 1) continue;
    RandomStream random(seed, RandomPurpose::kInitialWeights, stream++);
    std::vector<float> values(tensor.numel());
    for (float& value : values) value = static_cast<float>(random.Uniform() + 0.25);
    tensor.detach().copy_(at::tensor(values));
  }
  return std::move(*model);
}

NaiveWeights ToNaive(const Transformer& model) {
  NaiveWeights weights;
  for (const auto& [name, tensor] : model.weights()) {
    const torch::Tensor values = tensor.detach().to(model.options().dtype).to(at::kDouble).cpu().contiguous();
    weights[name].assign(values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
  }
  return weights;
}

}  // namespace drover::model::testing
