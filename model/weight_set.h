// One version of a model's weights as bytes: what the learner publishes, what is streamed and digested, and
// what actors import. No LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/dtype.h"
#include "model/safetensors.h"

namespace drover::model {

struct TensorMeta {
  std::string name;  // Hugging Face name
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  uint64_t offset = 0;  // into WeightSet::data
  uint64_t bytes = 0;
};

struct WeightSet {
  std::vector<TensorMeta> tensors;  // sorted by name, contiguous in this order, no padding
  std::shared_ptr<const std::string> data;
  std::string digest;  // HexDigest(*data): 32 hexadecimal digits
};

// Where `tensors` (any order) would lie in a WeightSet: sorted, offsets and bytes filled in from dtype and
// shape. INVALID_ARGUMENT names a duplicate name or a shape that overflows.
absl::StatusOr<std::vector<TensorMeta>> LayOutWeights(std::vector<TensorMeta> tensors);

// Copies the tensors (any order) into a WeightSet and digests it.
absl::StatusOr<WeightSet> PackWeights(const std::vector<TensorView>& tensors);

// Views into `weights`, which must outlive them: to write it with WriteSafetensors.
std::vector<TensorView> WeightViews(const WeightSet& weights);

// OK if the layout is as above, covers the data exactly and the digest fits; DATA_LOSS for a wrong digest,
// INVALID_ARGUMENT naming the tensor otherwise. Call it on what came from elsewhere.
absl::Status VerifyWeights(const WeightSet& weights);

}  // namespace drover::model
