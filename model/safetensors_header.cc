// Reading the header of a safetensors file; every byte of it is hostile.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "model/json.h"
#include "model/safetensors.h"

namespace drover::model {
namespace {

using nlohmann::json;

constexpr uint64_t kLengthBytes = 8;
// 100,000 tensors need about 12 MB. The format allows 100 MB, which would cost 20 times that in memory to parse.
constexpr uint64_t kMaxHeaderBytes = uint64_t{16} << 20;
constexpr size_t kMaxDimensions = 16;

absl::StatusOr<std::string_view> HeaderText(std::string_view file) {
  if (file.size() < kLengthBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a safetensors file: ", file.size(), " bytes, at least 8 are needed"));
  }
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length |= uint64_t{static_cast<uint8_t>(file[i])} << (8 * i);
  if (length > file.size() - kLengthBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("truncated, or not a safetensors file: it says that its header "
                     "has ",
                     length, " bytes, the file has ", file.size()));
  }
  if (length > kMaxHeaderBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("header of ", length, " bytes, the limit is ", kMaxHeaderBytes));
  }
  std::string_view text = file.substr(kLengthBytes, length);
  if (text.empty() || text[0] != '{') return absl::InvalidArgumentError("the header does not begin with {");
  return text;
}

absl::StatusOr<std::vector<int64_t>> ParseShape(const JsonFields& fields) {
  const json* value = fields.Find("shape");
  constexpr std::string_view kRule = "an array of up to 16 dimensions from 0 to 2^63 - 1";
  if (value == nullptr || !value->is_array() || value->size() > kMaxDimensions) {
    return fields.Wrong("shape", kRule);
  }
  std::vector<int64_t> shape;
  for (const json& n : *value) {
    if (!n.is_number_unsigned() || n.get<uint64_t>() > uint64_t{INT64_MAX})
      return fields.Wrong("shape", kRule);
    shape.push_back(n.get<int64_t>());
  }
  return shape;
}

// The bytes of the tensor within `data`.
absl::StatusOr<std::string_view> ParseOffsets(const JsonFields& fields, std::string_view data) {
  const json* value = fields.Find("data_offsets");
  if (value == nullptr || !value->is_array() || value->size() != 2 || !(*value)[0].is_number_unsigned() ||
      !(*value)[1].is_number_unsigned()) {
    return fields.Wrong("data_offsets", "[begin, end]");
  }
  uint64_t begin = (*value)[0].get<uint64_t>(), end = (*value)[1].get<uint64_t>();
  if (begin > end || end > data.size()) {
    return fields.Wrong("data_offsets", absl::StrCat("[begin, end] with begin <= end <= ", data.size(),
                                                     ", the bytes in the file"));
  }
  return data.substr(begin, end - begin);
}

absl::StatusOr<TensorView> ParseTensor(const std::string& name, const json& value, std::string_view data) {
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(value, absl::StrCat("tensor ", name, ": ")));
  TensorView tensor;
  tensor.name = name;
  ASSIGN_OR_RETURN(std::string dtype_name, fields.String("dtype"));
  std::optional<Dtype> dtype = ParseDtype(dtype_name);
  if (!dtype) return fields.Unsupported("dtype", "BOOL, U8..U64, I8..I64, F16, BF16, F32 or F64");
  tensor.dtype = *dtype;
  ASSIGN_OR_RETURN(tensor.shape, ParseShape(fields));
  ASSIGN_OR_RETURN(tensor.bytes, ParseOffsets(fields, data));
  std::optional<uint64_t> bytes = TensorBytes(tensor.dtype, tensor.shape);
  if (!bytes || *bytes != tensor.bytes.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "tensor ", name, ": its shape [", absl::StrJoin(tensor.shape, ","), "] of ", dtype_name, " needs ",
        bytes ? absl::StrCat(*bytes) : "more than 2^63", " bytes, data_offsets give ", tensor.bytes.size()));
  }
  return tensor;
}

absl::StatusOr<SafetensorsMetadata> ParseMetadata(const json& value) {
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(value, "__metadata__."));
  SafetensorsMetadata metadata;
  for (const auto& [name, text] : value.items()) {
    ASSIGN_OR_RETURN(metadata[name], fields.String(name));
  }
  return metadata;
}

// The format wants every byte in exactly one tensor: overlaps and holes could hide other content.
absl::Status CheckCoverage(const std::vector<TensorView>& tensors, std::string_view data) {
  std::vector<const TensorView*> order;
  for (const TensorView& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const TensorView* a, const TensorView* b) {
    if (a->bytes.data() != b->bytes.data()) return a->bytes.data() < b->bytes.data();
    return a->bytes.size() < b->bytes.size();
  });
  const char* next = data.data();
  for (const TensorView* tensor : order) {
    if (tensor->bytes.data() == next) {
      next += tensor->bytes.size();
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", tensor->name, ": begins at byte ", tensor->bytes.data() - data.data(),
                     " of the data, ", tensor->bytes.data() < next ? "inside" : "with a hole behind",
                     " the tensor before it, which ends at ", next - data.data()));
  }
  uint64_t rest = data.size() - static_cast<uint64_t>(next - data.data());
  if (rest == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(rest, " bytes at the end of the file belong to no tensor"));
}

}  // namespace

absl::StatusOr<std::vector<TensorView>> ParseSafetensors(std::string_view file,
                                                         SafetensorsMetadata* metadata) {
  ASSIGN_OR_RETURN(std::string_view text, HeaderText(file));
  std::string_view data = file.substr(kLengthBytes + text.size());
  ASSIGN_OR_RETURN(json header, ParseJson(text, {.max_bytes = kMaxHeaderBytes, .max_depth = 4}));
  std::vector<TensorView> tensors;  // nlohmann's objects are sorted by name, bytewise
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      ASSIGN_OR_RETURN(SafetensorsMetadata parsed, ParseMetadata(value));
      if (metadata != nullptr) *metadata = std::move(parsed);
      continue;
    }
    ASSIGN_OR_RETURN(TensorView tensor, ParseTensor(name, value, data));
    tensors.push_back(std::move(tensor));
  }
  RETURN_IF_ERROR(CheckCoverage(tensors, data));
  return tensors;
}

}  // namespace drover::model
