#include <ATen/ATen.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log.h"
#include "base/status.h"
#include "model/architecture.h"
#include "model/model_weights.h"
#include "model/parameters.h"
#include "model/rope.h"
#include "model/torch_dtype.h"
#include "model/transformer.h"
#include "model/transformer_core.h"

namespace drover::model {
namespace {

std::string ShowShape(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::Status CheckShape(const std::string& name, const std::vector<int64_t>& got,
                        const torch::Tensor& wanted) {
  if (got == wanted.sizes()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " has shape ", ShowShape(got),
                                                 ", the configuration makes it ",
                                                 ShowShape(wanted.sizes().vec())));
}

absl::Status CheckOptions(const TransformerOptions& options) {
  if (options.dtype == at::kFloat || options.dtype == at::kBFloat16) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("dtype is ", c10::toString(options.dtype), ", must be float32 or bfloat16"));
}

// Weights that are not finite make every number of every forward so: they are refused where they come in.
absl::Status CopyWeights(const ModelWeights& source, torch::ScalarType dtype,
                         const std::map<std::string, torch::Tensor>& weights) {
  at::NoGradGuard no_grad;
  ASSIGN_OR_RETURN(const Dtype rounded, FromScalarType(dtype));
  for (const auto& [name, tensor] : weights) {
    const TensorView& view = source.tensors().at(name);
    RETURN_IF_ERROR(CheckFinite(view, rounded));
    auto values = TensorOfView(view);
    if (!values.ok()) return Annotate(values.status(), absl::StrCat("tensor ", name));
    tensor.detach().copy_(*values);
  }
  return absl::OkStatus();
}

// The layout of Export.
absl::StatusOr<std::vector<TensorMeta>> ExportLayout(const std::map<std::string, torch::Tensor>& weights,
                                                     torch::ScalarType dtype) {
  ASSIGN_OR_RETURN(const Dtype stored, FromScalarType(dtype));
  std::vector<TensorMeta> tensors;
  for (const auto& [name, tensor] : weights) tensors.push_back({name, stored, tensor.sizes().vec()});
  return LayOutWeights(std::move(tensors));
}

absl::Status CheckLayout(const WeightSet& got, const std::vector<TensorMeta>& wanted,
                         const std::map<std::string, torch::Tensor>& weights) {
  std::set<std::string> names;
  for (const WeightTensor& tensor : got.tensors) names.insert(tensor.meta.name);
  for (const TensorMeta& meta : wanted) {
    if (names.count(meta.name) == 0) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", meta.name, " is missing from the weights"));
    }
  }
  for (const auto& [meta, data, digest] : got.tensors) {
    const auto own = weights.find(meta.name);
    if (own == weights.end()) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", meta.name, " is not one of this model"));
    }
    RETURN_IF_ERROR(CheckShape(meta.name, meta.shape, own->second));
    if (meta.dtype != wanted[0].dtype) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", meta.name, " is ",
                                                     ToAbsl(DtypeName(meta.dtype)), ", this model takes ",
                                                     ToAbsl(DtypeName(wanted[0].dtype))));
    }
    if (data == nullptr || data->size() != TensorBytes(meta.dtype, meta.shape)) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", meta.name, ": its bytes are not all there"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

// Allocates a model whose weights have no values yet.
absl::StatusOr<std::unique_ptr<Transformer>> Transformer::Allocate(const ModelConfig& config,
                                                                   const TransformerOptions& options) {
  RETURN_IF_ERROR(ValidateModelConfig(config));
  RETURN_IF_ERROR(CheckOptions(options));
  const Architecture architecture = DescribeArchitecture(config);
  ParameterAllocator allocator(options.trainable ? at::kFloat : options.dtype, options.device,
                               /*fused=*/!options.trainable);
  auto core = std::make_unique<TransformerCore>();
  core->config = config;
  core->options = options;
  core->embedding = allocator.Make(architecture.embedding);
  for (const LayerDescription& layer : architecture.layers) {
    core->layers.emplace_back(layer, config.rms_norm_eps, options.dtype, allocator);
  }
  core->final_norm = allocator.Make(architecture.final_norm);
  core->head = architecture.head.present() ? allocator.Make(architecture.head) : core->embedding;
  core->weights = allocator.by_name();
  core->frequencies = at::tensor(RopeFrequencies(config)).to(options.device);
  return std::unique_ptr<Transformer>(new Transformer(std::move(core)));
}

void Transformer::RequireGradients() {
  if (!core_->options.trainable) return;
  for (const auto& [name, tensor] : core_->weights) tensor.requires_grad_();
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::Create(const ModelConfig& config,
                                                                 const TransformerOptions& options,
                                                                 uint64_t seed, double init_std) {
  ASSIGN_OR_RETURN(auto model, Allocate(config, options));
  InitializeParameters(model->core_->weights, seed, init_std);
  model->RequireGradients();
  return model;
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::CreateEmpty(const ModelConfig& config,
                                                                      const TransformerOptions& options) {
  ASSIGN_OR_RETURN(auto model, Allocate(config, options));
  for (const auto& [name, tensor] : model->weights()) tensor.zero_();
  model->RequireGradients();
  return model;
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::Load(const std::string& dir,
                                                               const TransformerOptions& options) {
  ModelNotes notes;
  ASSIGN_OR_RETURN(const ModelWeights source, OpenModelWeights(dir, &notes));
  for (const std::string& note : notes) log::Warning(note, {{"model", dir}});
  ASSIGN_OR_RETURN(auto model, Allocate(source.config(), options));
  RETURN_IF_ERROR(Annotate(CopyWeights(source, options.dtype, model->weights()), dir));
  model->RequireGradients();
  return model;
}

absl::StatusOr<WeightSet> Transformer::Export() const {
  WeightSetBuilder builder;
  for (const auto& [name, tensor] : weights()) {
    const torch::Tensor kept = tensor.detach().to(core_->options.dtype).cpu().contiguous();
    ASSIGN_OR_RETURN(const TensorView view, ViewOfTensor(name, kept));
    RETURN_IF_ERROR(
        builder.Add({.name = name, .dtype = view.dtype, .shape = view.shape}, std::string(view.bytes)));
  }
  return std::move(builder).Finish();
}

absl::Status Transformer::Import(const WeightSet& source) {
  ASSIGN_OR_RETURN(const std::vector<TensorMeta> layout, ExportLayout(weights(), core_->options.dtype));
  RETURN_IF_ERROR(CheckLayout(source, layout, weights()));
  at::NoGradGuard no_grad;
  core_->float_head = torch::Tensor();
  for (const TensorView& view : WeightViews(source)) {
    ASSIGN_OR_RETURN(const torch::Tensor values, TensorOfView(view));
    weights().at(view.name).detach().copy_(values);
  }
  return absl::OkStatus();
}

}  // namespace drover::model
