// One version of a model's weights as bytes: what the learner publishes, what is streamed and digested, and
// what actors import. No LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/digest.h"
#include "model/dtype.h"
#include "model/safetensors.h"

namespace drover::model {

struct TensorMeta {
  std::string name;  // Hugging Face name
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  uint64_t bytes = 0;
};

// Immutable, and shared by the versions in which it is the same.
struct WeightTensor {
  TensorMeta meta;
  std::shared_ptr<const std::string> data;  // meta.bytes of them: little-endian, row-major
  std::string digest;                       // HexDigest(*data): 32 hexadecimal digits
};

struct WeightSet {
  std::vector<WeightTensor> tensors;  // sorted by name
  uint64_t bytes = 0;                 // of all tensors
  std::string digest;  // of all tensors' bytes, one after another in this order, without padding
};

// `tensors` (any order) as they come in a WeightSet: sorted, bytes filled in from dtype and shape.
// INVALID_ARGUMENT names a duplicate name or a shape that overflows.
absl::StatusOr<std::vector<TensorMeta>> LayOutWeights(std::vector<TensorMeta> tensors);

// Of all `tensors`, as LayOutWeights gives them.
uint64_t TotalBytes(const std::vector<TensorMeta>& tensors);

// Puts a WeightSet together tensor by tensor. Not thread-safe.
class WeightSetBuilder {
 public:
  // Where a tensor is the same (name, type, shape and digest) as in `base`, the set shares the base's bytes. `base` may be
  // null; what it shares lives on without it.
  explicit WeightSetBuilder(std::shared_ptr<const WeightSet> base = nullptr) : base_(std::move(base)) {}

  // The next by name; `meta.bytes` is filled in here. INVALID_ARGUMENT when it is not the next, or its shape needs
  // another number of bytes.
  absl::Status Add(TensorMeta meta, std::string data);

  // The set of what was added.
  WeightSet Finish() &&;

 private:
  const WeightTensor* InBase(const WeightTensor& tensor) const;

  std::shared_ptr<const WeightSet> base_;
  WeightSet weights_;
  Digester whole_;
};

// Copies the tensors (any order) into a WeightSet and digests it.
absl::StatusOr<WeightSet> PackWeights(const std::vector<TensorView>& tensors);

// Views into `weights`, which must outlive them: to write it with WriteSafetensors.
std::vector<TensorView> WeightViews(const WeightSet& weights);

}  // namespace drover::model
