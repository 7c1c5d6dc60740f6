// The safetensors format: 8 bytes of header length (little-endian), a JSON header {"name": {"dtype", "shape",
// "data_offsets": [begin, end]}, ..., "__metadata__": {string: string}}, then the bytes of all tensors
// without holes. Format: huggingface/safetensors, README.md "Format".
//
// Files are hostile input here: every field is checked, and an error names the file and the tensor.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "model/dtype.h"

namespace drover::model {

// A dense row-major tensor. `bytes` is owned by whoever made the view and is 8-byte aligned only if the file
// is.
struct TensorView {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  std::string_view bytes;
};

using SafetensorsMetadata = std::map<std::string, std::string>;

// The tensors of a whole safetensors file held in `file`, which must outlive the views. Sorted by name.
// `metadata` may be null. This is the parser that SafetensorsFile uses; errors name the tensor.
absl::StatusOr<std::vector<TensorView>> ParseSafetensors(std::string_view file,
                                                         SafetensorsMetadata* metadata = nullptr);

// A read-only mapped file. The views point into the mapping, which lives as long as any copy of this object.
// A file truncated by someone else while mapped raises SIGBUS: don't rewrite files in place (WriteSafetensors
// does not).
class SafetensorsFile {
 public:
  static absl::StatusOr<SafetensorsFile> Open(const std::string& path, FileSystem* files = PosixFileSystem());

  const std::string& path() const { return path_; }
  const std::vector<TensorView>& tensors() const { return tensors_; }  // sorted by name
  const SafetensorsMetadata& metadata() const { return metadata_; }
  // Null when there is no such tensor.
  const TensorView* Find(std::string_view name) const;

 private:
  SafetensorsFile() = default;
  std::string path_;
  MappedFile file_;
  std::vector<TensorView> tensors_;
  SafetensorsMetadata metadata_;
};

// All tensors of a Hugging Face directory: model.safetensors, or the shards that model.safetensors.index.json
// names.
class ModelTensors {
 public:
  const std::vector<TensorView>& tensors() const { return tensors_; }  // sorted by name
  const TensorView* Find(std::string_view name) const;

 private:
  friend absl::StatusOr<ModelTensors> OpenModelTensors(const std::string& dir);
  std::vector<SafetensorsFile> files_;
  std::vector<TensorView> tensors_;
};

// The index must list exactly the tensors that its shards hold, each in the shard it names.
absl::StatusOr<ModelTensors> OpenModelTensors(const std::string& dir);

// Writes `tensors` sorted by name, header padded so that the data begin at a multiple of 8, "format": "pt"
// added to the metadata. A reader sees the old file or the whole new one, also after a crash.
// INVALID_ARGUMENT for duplicate or reserved names and bytes that do not fit the shape.
absl::Status WriteSafetensors(const std::string& path, std::vector<TensorView> tensors,
                              const SafetensorsMetadata& metadata = {},
                              FileSystem* files = PosixFileSystem());

}  // namespace drover::model
