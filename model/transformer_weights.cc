#include <ATen/ATen.h>

#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/status.h"
#include "model/architecture.h"
#include "model/lora_files.h"
#include "model/model_weights.h"
#include "model/parameters.h"
#include "model/torch_dtype.h"
#include "model/transformer.h"
#include "model/transformer_core.h"
#include "model/weight_rounding.h"

namespace drover::model {
namespace {

std::string ShowShape(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

// Tensors by name, with what of the whole tensors of those names they are.
struct Held {
  const ParametersByName& tensors;
  const RowParts& parts;
};

// Of the whole tensor.
std::vector<int64_t> WholeShape(const std::string& name, const Held& held) {
  std::vector<int64_t> shape = held.tensors.at(name).sizes().vec();
  const auto part = held.parts.find(name);
  if (part != held.parts.end()) shape[0] = part->second.whole_rows;
  return shape;
}

// The rows of the whole tensor `name` that `own` is to have, of whatever dtype.
void TakeRows(const std::string& name, const torch::Tensor& whole, const RowParts& parts,
              const torch::Tensor& own) {
  const auto part = parts.find(name);
  if (part == parts.end()) {
    own.copy_(whole);
    return;
  }
  int64_t row = 0;
  for (const RowRun& run : part->second.runs) {
    own.narrow(0, row, run.size).copy_(whole.narrow(0, run.begin, run.size));
    row += run.size;
  }
}

void TakeValues(const std::string& name, const torch::Tensor& whole, const Held& held) {
  TakeRows(name, whole, held.parts, held.tensors.at(name).detach());
}

absl::Status CheckShape(const std::string& name, const std::vector<int64_t>& got, const Held& held) {
  const std::vector<int64_t> wanted = WholeShape(name, held);
  if (got == wanted) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " has shape ", ShowShape(got),
                                                 ", the configuration makes it ", ShowShape(wanted)));
}

absl::Status CheckOptions(const TransformerOptions& options) {
  if (options.group != nullptr && options.trainable) {
    return absl::InvalidArgumentError("a model that is trained cannot be shared out by rows among ranks");
  }
  DROVER_CHECK(!options.deferred || (options.trainable && !options.lora));
  if (options.dtype == at::kFloat || options.dtype == at::kBFloat16) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("dtype is ", c10::toString(options.dtype), ", must be float32 or bfloat16"));
}

// Weights that are not finite make every number of every forward so: they are refused where they come in.
absl::Status CheckWeights(const ModelWeights& source, torch::ScalarType dtype) {
  ASSIGN_OR_RETURN(const Dtype rounded, FromScalarType(dtype));
  for (const auto& [name, view] : source.tensors()) RETURN_IF_ERROR(CheckFinite(view, rounded));
  return absl::OkStatus();
}

absl::Status CopyView(const TensorView& view, const RowParts& parts, const torch::Tensor& into) {
  const at::NoGradGuard no_grad;
  auto values = TensorOfView(view);
  if (!values.ok()) return Annotate(values.status(), absl::StrCat("tensor ", view.name));
  TakeRows(view.name, *values, parts, into.detach());
  return absl::OkStatus();
}

// `parts`: what of them a rank's model has.
WeightSource SourceOf(std::shared_ptr<const ModelWeights> weights, const RowParts& parts) {
  return [weights = std::move(weights), parts](const std::string& name, const torch::Tensor& into) {
    return CopyView(weights->tensors().at(name), parts, into);
  };
}

// `numbers`: of the order of names.
WeightSource RandomSource(const ParametersByName& weights, uint64_t seed, double std, double norm) {
  std::map<std::string, uint64_t> numbers;
  for (const auto& [name, tensor] : weights) numbers.emplace(name, numbers.size());
  return [numbers, seed, std, norm](const std::string& name, const torch::Tensor& into) {
    InitializeParameter(name, into, seed, numbers.at(name), std, norm);
    return absl::OkStatus();
  };
}

absl::Status Zero(const std::string&, const torch::Tensor& into) {
  into.zero_();
  return absl::OkStatus();
}

// `base`, but for the weights that have adapters: those merged.
WeightSource MergedSource(std::shared_ptr<const LoraWeights> lora,
                          std::shared_ptr<const ModelWeights> weights, const RowParts& parts, Dtype dtype,
                          WeightSource base) {
  return [=](const std::string& name, const torch::Tensor& into) -> absl::Status {
    const auto pair = lora->pairs().find(name);
    if (pair == lora->pairs().end()) return base(name, into);
    TensorView merged = weights->tensors().at(name);
    ASSIGN_OR_RETURN(const std::string bytes, MergedWeight(merged, pair->second, lora->config(), dtype));
    merged.dtype = dtype;
    merged.bytes = bytes;
    return CopyView(merged, parts, into);
  };
}

// The layout of ExportAs.
absl::StatusOr<std::vector<TensorMeta>> ExportLayout(const Held& held, torch::ScalarType dtype) {
  ASSIGN_OR_RETURN(const Dtype stored, FromScalarType(dtype));
  std::vector<TensorMeta> tensors;
  for (const auto& [name, tensor] : held.tensors) tensors.push_back({name, stored, WholeShape(name, held)});
  return LayOutWeights(std::move(tensors));
}

absl::StatusOr<WeightSet> ExportAs(torch::ScalarType dtype, const ParametersByName& weights) {
  WeightSetBuilder builder;
  for (const auto& [name, tensor] : weights) RETURN_IF_ERROR(AddRounded(name, tensor, dtype, &builder));
  return std::move(builder).Finish();
}

absl::Status CheckLayout(const WeightSet& got, const std::vector<TensorMeta>& wanted, const Held& held) {
  std::set<std::string> names;
  for (const WeightTensor& tensor : got.tensors) names.insert(tensor.meta.name);
  for (const TensorMeta& meta : wanted) {
    if (names.count(meta.name) == 0) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", meta.name, " is missing from the weights"));
    }
  }
  for (const auto& [meta, data, digest] : got.tensors) {
    if (held.tensors.count(meta.name) == 0) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", meta.name, " is not one of this model"));
    }
    RETURN_IF_ERROR(CheckShape(meta.name, meta.shape, held));
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

// What Import (or, with `base`, ImportBase) puts values into, and the dtype that it takes.
struct Target {
  Held held;
  torch::ScalarType dtype;
};

Target TargetOf(const TransformerCore& core, bool base) {
  const bool adapters = core.options.lora.has_value() && !base;
  return {{adapters ? core.adapters : core.weights, core.parts}, adapters ? at::kFloat : core.options.dtype};
}

}  // namespace

// A model whose weights have no values yet, or are those that are lent.
std::unique_ptr<Transformer> Transformer::Build(const ModelConfig& config, const TransformerOptions& options,
                                                const ParametersByName* lent) {
  const RankShare share = options.group == nullptr ? RankShare{} : options.group->share();
  const Architecture architecture = ShareOf(DescribeArchitecture(config), share);
  const bool masters = options.trainable && !options.lora;
  ParameterAllocator allocator({.dtype = masters ? at::kFloat : options.dtype,
                                .device = options.device,
                                .deferred = options.deferred,
                                .fused = !options.trainable && lent == nullptr,
                                .lora = options.lora ? &*options.lora : nullptr,
                                .lent = lent});
  auto core = std::make_unique<TransformerCore>();
  core->config = config;
  core->options = options;
  core->embedding = allocator.Make(architecture.embedding);
  for (const LayerDescription& layer : architecture.layers) {
    core->layers.emplace_back(layer, architecture.norms, options.dtype, allocator, options.group);
    core->packed.push_back(allocator.TakePacked());
  }
  core->final_norm = allocator.Make(architecture.final_norm);
  core->head.weight = architecture.head.present() ? allocator.Make(architecture.head) : core->embedding;
  core->head.packed = std::make_shared<PackedWeight>();
  core->weights = allocator.by_name();
  core->adapters = allocator.adapters();
  core->parts = allocator.parts();
  core->norms = architecture.norms;
  core->embedding_scale = architecture.embedding_scale;
  core->logit_soft_cap = architecture.logit_soft_cap;
  for (const RopeDescription& rope : architecture.ropes) {
    core->ropes.push_back({at::tensor(rope.frequencies).to(options.device), rope.scale});
  }
  return std::unique_ptr<Transformer>(new Transformer(std::move(core)));
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::Allocate(const ModelConfig& config,
                                                                   const TransformerOptions& options) {
  RETURN_IF_ERROR(ValidateModelConfig(config));
  RETURN_IF_ERROR(CheckOptions(options));
  if (options.group != nullptr) RETURN_IF_ERROR(CheckShares(config, options.group->share().ranks));
  if (options.lora) {
    RETURN_IF_ERROR(Annotate(DescribeAdapters(*options.lora, config).status(), "adapter target"));
  }
  return Build(config, options, /*lent=*/nullptr);
}

std::unique_ptr<Transformer> Transformer::WithoutAdapters() const {
  DROVER_CHECK(core_->options.lora.has_value());
  TransformerOptions options = core_->options;
  options.lora.reset();
  options.trainable = false;
  return Build(core_->config, options, &core_->weights);
}

void Transformer::RequireGradients() {
  if (!core_->options.trainable) return;
  for (const auto& [name, tensor] : versioned()) tensor.requires_grad_();
}

// All weights, or, of a deferred model, when they are asked for.
absl::Status Transformer::Fill(WeightSource source) {
  if (core_->options.deferred) {
    core_->source = std::move(source);
    return absl::OkStatus();
  }
  for (const auto& [name, tensor] : weights()) RETURN_IF_ERROR(source(name, tensor));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::Create(const ModelConfig& config,
                                                                 const TransformerOptions& options,
                                                                 uint64_t seed, double init_std) {
  DROVER_CHECK(options.group == nullptr);  // the numbers are drawn for whole tensors
  ASSIGN_OR_RETURN(auto model, Allocate(config, options));
  RETURN_IF_ERROR(
      model->Fill(RandomSource(model->weights(), seed, init_std, 1.0 - model->core_->norms.offset)));
  if (options.lora) InitializeAdapters(model->core_->adapters, options.lora->seed);
  model->RequireGradients();
  return model;
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::CreateEmpty(const ModelConfig& config,
                                                                      const TransformerOptions& options) {
  ASSIGN_OR_RETURN(auto model, Allocate(config, options));
  RETURN_IF_ERROR(model->Fill(Zero));
  for (const auto& [name, tensor] : model->core_->adapters) tensor.zero_();
  model->RequireGradients();
  return model;
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::Load(const std::string& dir,
                                                               const TransformerOptions& options) {
  if (IsLoraFolder(dir)) return LoadMerged(dir, options);
  ModelNotes notes;
  ASSIGN_OR_RETURN(ModelWeights source, OpenModelWeights(dir, &notes));
  for (const std::string& note : notes) log::Warning(note, {{"model", dir}});
  ASSIGN_OR_RETURN(auto model, Allocate(source.config(), options));
  RETURN_IF_ERROR(Annotate(CheckWeights(source, options.dtype), dir));
  RETURN_IF_ERROR(Annotate(
      model->Fill(SourceOf(std::make_shared<ModelWeights>(std::move(source)), model->core_->parts)), dir));
  if (options.lora) InitializeAdapters(model->core_->adapters, options.lora->seed);
  model->RequireGradients();
  return model;
}

absl::StatusOr<WeightSet> Transformer::Export() const {
  DROVER_CHECK(core_->parts.empty());
  return ExportAs(core_->options.lora ? at::kFloat : core_->options.dtype, versioned());
}

absl::StatusOr<WeightSet> Transformer::ExportBase() const {
  DROVER_CHECK(core_->options.lora.has_value());
  return ExportAs(core_->options.dtype, weights());
}

absl::StatusOr<std::unique_ptr<Transformer>> Transformer::LoadMerged(const std::string& dir,
                                                                     const TransformerOptions& options) {
  ASSIGN_OR_RETURN(LoraWeights lora, OpenLoraWeights(dir));
  ASSIGN_OR_RETURN(const Dtype dtype, FromScalarType(options.dtype));
  ASSIGN_OR_RETURN(ModelWeights weights, OpenBaseWeights(dir));
  ASSIGN_OR_RETURN(const std::string base, BaseFolder(dir));
  ASSIGN_OR_RETURN(auto model, Load(base, options));
  const auto adapters = std::make_shared<const LoraWeights>(std::move(lora));
  const WeightSource merged = MergedSource(adapters, std::make_shared<const ModelWeights>(std::move(weights)),
                                           model->core_->parts, dtype, model->core_->source);
  if (options.deferred) {
    model->core_->source = merged;
    return model;
  }
  for (const auto& [name, pair] : adapters->pairs()) RETURN_IF_ERROR(merged(name, model->weights().at(name)));
  return model;
}

absl::StatusOr<std::string> Transformer::BaseDigest() const {
  DROVER_CHECK(core_->options.lora.has_value());
  Digester digest;
  for (const auto& [name, tensor] : weights()) {
    const torch::Tensor kept = tensor.cpu().contiguous();
    ASSIGN_OR_RETURN(const TensorView view, ViewOfTensor(name, kept));
    digest.Update(view.bytes);
  }
  return digest.Hex();
}

absl::StatusOr<std::vector<TensorMeta>> Transformer::ImportLayout(bool base) const {
  const Target target = TargetOf(*core_, base);
  return ExportLayout(target.held, target.dtype);
}

absl::Status Transformer::CheckImport(bool base, const WeightSet& weights) const {
  ASSIGN_OR_RETURN(const std::vector<TensorMeta> layout, ImportLayout(base));
  return CheckLayout(weights, layout, TargetOf(*core_, base).held);
}

absl::Status Transformer::ImportTensor(bool base, const TensorView& tensor) {
  at::NoGradGuard no_grad;
  ASSIGN_OR_RETURN(const torch::Tensor values, TensorOfView(tensor));
  TakeValues(tensor.name, values, TargetOf(*core_, base).held);
  return absl::OkStatus();
}

absl::Status Transformer::Import(const WeightSet& source) {
  RETURN_IF_ERROR(CheckImport(/*base=*/false, source));
  for (const TensorView& view : WeightViews(source)) RETURN_IF_ERROR(ImportTensor(/*base=*/false, view));
  return absl::OkStatus();
}

absl::Status Transformer::ImportBase(const WeightSet& source) {
  DROVER_CHECK(core_->options.lora.has_value());
  RETURN_IF_ERROR(CheckImport(/*base=*/true, source));
  for (const TensorView& view : WeightViews(source)) RETURN_IF_ERROR(ImportTensor(/*base=*/true, view));
  return absl::OkStatus();
}

}  // namespace drover::model
