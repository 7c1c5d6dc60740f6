#include "model/dtype.h"

#include <limits>

namespace drover::model {
namespace {

struct Row {
  Dtype dtype;
  std::string_view name;
  uint64_t bytes;
};

constexpr Row kRows[] = {
    {Dtype::kBool, "BOOL", 1}, {Dtype::kU8, "U8", 1},   {Dtype::kI8, "I8", 1},     {Dtype::kU16, "U16", 2},
    {Dtype::kI16, "I16", 2},   {Dtype::kU32, "U32", 4}, {Dtype::kI32, "I32", 4},   {Dtype::kU64, "U64", 8},
    {Dtype::kI64, "I64", 8},   {Dtype::kF16, "F16", 2}, {Dtype::kBF16, "BF16", 2}, {Dtype::kF32, "F32", 4},
    {Dtype::kF64, "F64", 8},
};

const Row& RowOf(Dtype dtype) { return kRows[static_cast<size_t>(dtype)]; }

}  // namespace

std::string_view DtypeName(Dtype dtype) { return RowOf(dtype).name; }

uint64_t DtypeBytes(Dtype dtype) { return RowOf(dtype).bytes; }

std::optional<Dtype> ParseDtype(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

std::optional<uint64_t> TensorBytes(Dtype dtype, const std::vector<int64_t>& shape) {
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  // A zero anywhere makes the product 0 whatever the rest, but the rest must still be valid dimensions.
  uint64_t bytes = DtypeBytes(dtype);
  bool empty = false;
  for (int64_t n : shape) {
    if (n < 0) return std::nullopt;
    if (n == 0) {
      empty = true;
    } else if (bytes > kMost / static_cast<uint64_t>(n)) {
      return std::nullopt;
    } else {
      bytes *= static_cast<uint64_t>(n);
    }
  }
  return empty ? 0 : bytes;
}

}  // namespace drover::model
