// Writing safetensors files, tensor by tensor: nothing of the model's size is copied.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "model/json.h"
#include "model/safetensors.h"

namespace drover::model {
namespace {

using nlohmann::json;

absl::Status CheckTensors(const std::vector<TensorView>& sorted) {
  for (size_t i = 0; i < sorted.size(); ++i) {
    const TensorView& tensor = sorted[i];
    if (tensor.name == "__metadata__")
      return absl::InvalidArgumentError("no tensor may be named __metadata__");
    if (i > 0 && sorted[i - 1].name == tensor.name) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors are named ", tensor.name));
    }
    std::optional<uint64_t> bytes = TensorBytes(tensor.dtype, tensor.shape);
    if (!bytes || *bytes != tensor.bytes.size()) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", tensor.name, ": its shape needs ",
                                                     bytes.value_or(0), " bytes, it has ",
                                                     tensor.bytes.size()));
    }
  }
  return absl::OkStatus();
}

// Length and JSON, padded with spaces so that the data begin at a multiple of 8.
absl::StatusOr<std::string> Header(const std::vector<TensorView>& sorted, SafetensorsMetadata metadata) {
  metadata.emplace("format", "pt");
  json header = {{"__metadata__", metadata}};
  uint64_t offset = 0;
  for (const TensorView& tensor : sorted) {
    uint64_t end = offset + tensor.bytes.size();
    header[tensor.name] = {
        {"dtype", DtypeName(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception& error) {  // names and metadata that are not UTF-8
    return absl::InvalidArgumentError(absl::StrCat("a tensor's name or the metadata: ", error.what()));
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string length(8, '\0');
  for (int i = 0; i < 8; ++i) length[i] = static_cast<char>(text.size() >> (8 * i));
  return length + text;
}

}  // namespace

absl::Status WriteSafetensors(const std::string& path, std::vector<TensorView> tensors,
                              const SafetensorsMetadata& metadata, FileSystem* files) {
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorView& a, const TensorView& b) { return a.name < b.name; });
  absl::Status checked = CheckTensors(tensors);
  if (!checked.ok()) return Annotate(checked, path);
  absl::StatusOr<std::string> header = Header(tensors, metadata);
  if (!header.ok()) return Annotate(header.status(), path);

  ASSIGN_OR_RETURN(FileReplacement file, FileReplacement::Begin(path, files));
  RETURN_IF_ERROR(file.Append(*header));
  for (const TensorView& tensor : tensors) RETURN_IF_ERROR(file.Append(tensor.bytes));
  return file.Commit();
}

}  // namespace drover::model
