#include "model/convert.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/float_bits.h"
#include "model/model_weights.h"

namespace drover::model {
namespace {

template <typename T>
T LoadAt(std::string_view bytes, size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + index * sizeof(T), sizeof(T));
  return value;
}

float FloatAt(const TensorView& tensor, size_t index) {
  switch (tensor.dtype) {
    case Dtype::kF64:
      return static_cast<float>(LoadAt<double>(tensor.bytes, index));
    case Dtype::kBF16:
      return OfBfloat(LoadAt<uint16_t>(tensor.bytes, index));
    case Dtype::kF16:
      return OfHalf(LoadAt<uint16_t>(tensor.bytes, index));
    default:
      return LoadAt<float>(tensor.bytes, index);
  }
}

template <typename T, typename Round>
std::string ConvertEach(const TensorView& tensor, Round round) {
  const size_t elements = tensor.bytes.size() / DtypeBytes(tensor.dtype);
  std::string result(elements * sizeof(T), '\0');
  for (size_t i = 0; i < elements; ++i) {
    const T value = round(FloatAt(tensor, i));
    std::memcpy(result.data() + i * sizeof(T), &value, sizeof(T));
  }
  return result;
}

bool MayBeRead(Dtype dtype) {
  return dtype == Dtype::kF32 || dtype == Dtype::kBF16 || dtype == Dtype::kF16 || dtype == Dtype::kF64;
}

}  // namespace

absl::StatusOr<std::string> ConvertWeights(const TensorView& tensor, Dtype dtype) {
  const bool may_be_written = dtype == Dtype::kF32 || dtype == Dtype::kBF16 || dtype == Dtype::kF16;
  if (!MayBeRead(tensor.dtype) || !may_be_written) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tensor ", tensor.name, " is ", ToAbsl(DtypeName(tensor.dtype)), " and is to become ",
        ToAbsl(DtypeName(dtype)), "; weights are F32, BF16, F16 or F64 and become F32, BF16 or F16"));
  }
  RETURN_IF_ERROR(CheckFinite(tensor, dtype));
  if (tensor.dtype == dtype) return std::string(tensor.bytes);
  if (dtype == Dtype::kBF16) return ConvertEach<uint16_t>(tensor, ToBfloat);
  if (dtype == Dtype::kF16) return ConvertEach<uint16_t>(tensor, ToHalf);
  return ConvertEach<float>(tensor, [](float value) { return value; });
}

}  // namespace drover::model
