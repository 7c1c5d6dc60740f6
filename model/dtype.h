// Element types of tensors, as safetensors names them. No LibTorch.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace drover::model {

enum class Dtype { kBool, kU8, kI8, kU16, kI16, kU32, kI32, kU64, kI64, kF16, kBF16, kF32, kF64 };

// The safetensors name: "BF16", "F32", "I64", ...
std::string_view DtypeName(Dtype dtype);
// The inverse; nullopt for names unknown here.
std::optional<Dtype> ParseDtype(std::string_view name);
// Bytes of one element.
uint64_t DtypeBytes(Dtype dtype);

// Bytes of a dense tensor of `shape` ([] is one element); nullopt when a dimension is negative or the product
// does not fit in 63 bits.
std::optional<uint64_t> TensorBytes(Dtype dtype, const std::vector<int64_t>& shape);

}  // namespace drover::model
