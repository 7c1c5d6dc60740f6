#include "model/testing/model_directory.h"

#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/check.h"
#include "base/file.h"
#include "model/lora_files.h"
#include "model/safetensors.h"
#include "model/weight_shapes.h"

namespace drover::model::testing {

StoredTensor Floats(const std::vector<int64_t>& shape, const std::vector<float>& values) {
  StoredTensor tensor{.dtype = Dtype::kF32, .shape = shape, .bytes = {}};
  tensor.bytes.resize(*TensorBytes(Dtype::kF32, shape));
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), values.size() * sizeof(float));
  return tensor;
}

StoredTensors FilledWeights(const ModelConfig& config) {
  StoredTensors tensors;
  for (const auto& [name, shape] : WeightShapes(config)) {
    std::vector<float> values(*TensorBytes(Dtype::kF32, shape) / sizeof(float));
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>((i * 7 + name.size()) % 13) / 16.0f - 0.4f;
    }
    tensors[name] = Floats(shape, values);
  }
  return tensors;
}

void WriteModelDirectory(const std::string& dir, const std::string& config_json,
                         const StoredTensors* tensors) {
  std::filesystem::remove_all(dir);
  DROVER_CHECK(MakeFolders(dir).ok());
  DROVER_CHECK(WriteFileAtomically(dir + "/config.json", config_json).ok());
  if (tensors == nullptr) return;
  std::vector<TensorView> views;
  for (const auto& [name, tensor] : *tensors) {
    views.push_back({.name = name, .dtype = tensor.dtype, .shape = tensor.shape, .bytes = tensor.bytes});
  }
  DROVER_CHECK(WriteSafetensors(dir + "/model.safetensors", views).ok());
}

void WriteLoraDirectory(const std::string& dir, const std::string& base, const std::string& weight,
                        const std::vector<int64_t>& shape, float a) {
  std::filesystem::remove_all(dir);
  DROVER_CHECK(MakeFolders(dir).ok());
  const std::string config = absl::StrCat(
      R"({"peft_type": "LORA", "r": 1, "lora_alpha": 1, "base_model_name_or_path": ")", base, "\"}");
  DROVER_CHECK(WriteFileAtomically(absl::StrCat(dir, "/", kLoraConfigFile), config).ok());
  const std::string module = absl::StrCat(kPeftPrefix, absl::StripSuffix(weight, ".weight"));
  const StoredTensor thin = Floats({1, shape[1]}, std::vector<float>(static_cast<size_t>(shape[1]), a));
  const StoredTensor tall = Floats({shape[0], 1}, std::vector<float>(static_cast<size_t>(shape[0]), 1));
  const std::vector<TensorView> views = {{module + kPeftEndOfA, thin.dtype, thin.shape, thin.bytes},
                                         {module + kPeftEndOfB, tall.dtype, tall.shape, tall.bytes}};
  DROVER_CHECK(WriteSafetensors(absl::StrCat(dir, "/", kLoraWeightsFile), views).ok());
}

}  // namespace drover::model::testing
