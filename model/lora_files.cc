#include "model/lora_files.h"

#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "model/convert.h"
#include "model/kernels/cpu/low_rank.h"

namespace drover::model {
namespace {

constexpr uint64_t kMaxConfigBytes = uint64_t{16} << 20;

// base_model.model.NAME.lora_A.weight -> NAME.weight
std::optional<std::string> WeightNameOf(absl::string_view name, absl::string_view end) {
  if (!absl::ConsumePrefix(&name, kPeftPrefix) || !absl::ConsumeSuffix(&name, end)) return std::nullopt;
  return absl::StrCat(name, ".weight");
}

absl::Status CheckMatrix(const TensorView& tensor) {
  const bool floats = tensor.dtype == Dtype::kF32 || tensor.dtype == Dtype::kBF16 ||
                      tensor.dtype == Dtype::kF16 || tensor.dtype == Dtype::kF64;
  if (floats && tensor.shape.size() == 2) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("tensor ", tensor.name, " is no matrix of floating numbers"));
}

absl::Status CheckPair(const std::string& weight, const LoraWeights::Pair& pair, int64_t rank) {
  if (pair.a.name.empty() || pair.b.name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the adapter of ", weight, " has no lora_", pair.a.name.empty() ? "A" : "B"));
  }
  RETURN_IF_ERROR(CheckMatrix(pair.a));
  RETURN_IF_ERROR(CheckMatrix(pair.b));
  if (pair.a.shape[0] == rank && pair.b.shape[1] == rank) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the adapter of ", weight, " has shapes [", absl::StrJoin(pair.a.shape, ", "), "] and [",
                   absl::StrJoin(pair.b.shape, ", "), "], ", kLoraConfigFile, " says r = ", rank));
}

absl::StatusOr<std::vector<float>> Floats(const TensorView& tensor) {
  ASSIGN_OR_RETURN(const std::string bytes, ConvertWeights(tensor, Dtype::kF32));
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

absl::StatusOr<LoraConfig> ReadLoraConfig(const std::string& dir) {
  const std::string path = absl::StrCat(dir, "/", kLoraConfigFile);
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxConfigBytes));
  absl::StatusOr<LoraConfig> config = ParseLoraConfig(text);
  if (!config.ok()) return Annotate(config.status(), path);
  return config;
}

}  // namespace

bool IsLoraFolder(const std::string& dir) {
  std::error_code ignored;
  return std::filesystem::exists(dir + "/" + kLoraConfigFile, ignored);
}

absl::StatusOr<std::string> BaseFolder(const std::string& dir) {
  if (!IsLoraFolder(dir)) return dir;
  ASSIGN_OR_RETURN(const LoraConfig config, ReadLoraConfig(dir));
  std::error_code ignored;
  const bool there = std::filesystem::is_directory(config.base, ignored);
  if (there && !IsLoraFolder(config.base)) return config.base;
  return absl::InvalidArgumentError(absl::StrCat(
      dir, " has adapters for the model in `", config.base, "` (base_model_name_or_path in ", kLoraConfigFile,
      there ? "), which has adapters itself; merge those first: `drover checkpoint export "
            : "), which is no folder here; put its path there, or make one model of both: `drover checkpoint "
              "export ",
      there ? config.base : dir, " --merge", there ? "" : " --base MODEL", " --out FOLDER`"));
}

absl::StatusOr<std::string> TokenizerFolder(const std::string& dir) {
  std::error_code ignored;
  if (std::filesystem::exists(dir + "/tokenizer.json", ignored)) return dir;
  return BaseFolder(dir);
}

absl::Status LoraWeights::CheckFits(const ModelWeights& base) const {
  for (const auto& [name, pair] : pairs_) {
    const auto weight = base.tensors().find(name);
    if (weight == base.tensors().end()) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", pair.a.name, " adapts ", name,
                                                     ", which the model in ", config_.base, " has not"));
    }
    const std::vector<int64_t> shape = {pair.b.shape[0], pair.a.shape[1]};
    if (weight->second.shape == shape) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "tensor ", pair.a.name, " and its lora_B adapt a weight of shape [", absl::StrJoin(shape, ", "),
        "], but that of ", config_.base, " has [", absl::StrJoin(weight->second.shape, ", "), "]"));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoraWeights> OpenLoraWeights(const std::string& dir) {
  ASSIGN_OR_RETURN(LoraConfig config, ReadLoraConfig(dir));
  const std::string path = absl::StrCat(dir, "/", kLoraWeightsFile);
  ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::Open(path));
  LoraWeights lora(std::move(config), std::move(file));
  for (const TensorView& tensor : lora.file_.tensors()) {
    if (const auto a = WeightNameOf(tensor.name, kPeftEndOfA)) {
      lora.pairs_[*a].a = tensor;
    } else if (const auto b = WeightNameOf(tensor.name, kPeftEndOfB)) {
      lora.pairs_[*b].b = tensor;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": tensor ", tensor.name, " is no lora_A or lora_B of a linear map"));
    }
  }
  for (const auto& [weight, pair] : lora.pairs_) {
    RETURN_IF_ERROR(Annotate(CheckPair(weight, pair, lora.config_.rank), path));
  }
  return lora;
}

absl::StatusOr<ModelWeights> OpenBaseWeights(const std::string& dir, ModelNotes* notes) {
  ASSIGN_OR_RETURN(const std::string base, BaseFolder(dir));
  ASSIGN_OR_RETURN(ModelWeights weights, OpenModelWeights(base, notes));
  if (!IsLoraFolder(dir)) return weights;
  ASSIGN_OR_RETURN(const LoraWeights lora, OpenLoraWeights(dir));
  RETURN_IF_ERROR(Annotate(lora.CheckFits(weights), dir));
  return weights;
}

absl::StatusOr<std::string> MergedWeight(const TensorView& weight, const LoraWeights::Pair& pair,
                                         const LoraConfig& lora, Dtype dtype) {
  TensorView view = weight;
  ASSIGN_OR_RETURN(const std::string rounded, ConvertWeights(view, dtype));
  view.dtype = dtype;
  view.bytes = rounded;
  ASSIGN_OR_RETURN(std::vector<float> merged, Floats(view));
  ASSIGN_OR_RETURN(const std::vector<float> a, Floats(pair.a));
  ASSIGN_OR_RETURN(const std::vector<float> b, Floats(pair.b));
  cpu::AddLowRank({.a = a.data(),
                   .b = b.data(),
                   .outputs = weight.shape[0],
                   .inputs = weight.shape[1],
                   .rank = lora.rank,
                   .scale = lora.scale()},
                  merged.data());
  view.dtype = Dtype::kF32;
  view.bytes = {reinterpret_cast<const char*>(merged.data()), merged.size() * sizeof(float)};
  return ConvertWeights(view, dtype);
}

}  // namespace drover::model
