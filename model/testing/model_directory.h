// Hugging Face directories for tests that need no LibTorch.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/dtype.h"
#include "model/testing/shapes.h"

namespace drover::model::testing {

struct StoredTensor {
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  std::string bytes;
};
using StoredTensors = std::map<std::string, StoredTensor>;

// A float32 tensor with the first elements `values`, the others 0.
StoredTensor Floats(const std::vector<int64_t>& shape, const std::vector<float>& values);

// Some finite weights for all of WeightShapes(config), in float32.
StoredTensors FilledWeights(const ModelConfig& config);

// Makes `dir` anew with config.json and, unless it is null, model.safetensors.
void WriteModelDirectory(const std::string& dir, const std::string& config_json,
                         const StoredTensors* tensors);
inline void WriteModelDirectory(const std::string& dir, const ModelConfig& config,
                                const StoredTensors& tensors) {
  WriteModelDirectory(dir, ModelConfigJson(config), &tensors);
}

// Makes `dir` anew with an adapter of rank 1 and a scale of 1 for one weight [out, in], whose name ends in ".weight", of the
// model in `base`. A is `a` everywhere, B is 1.
void WriteLoraDirectory(const std::string& dir, const std::string& base, const std::string& weight,
                        const std::vector<int64_t>& shape, float a = 1);

}  // namespace drover::model::testing
