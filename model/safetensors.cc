#include "model/safetensors.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "model/json.h"

namespace drover::model {
namespace {

const TensorView* FindByName(const std::vector<TensorView>& sorted, std::string_view name) {
  auto found = std::lower_bound(sorted.begin(), sorted.end(), name,
                                [](const TensorView& t, std::string_view n) { return t.name < n; });
  return found != sorted.end() && found->name == name ? &*found : nullptr;
}

// A shard's name in the index: a plain file name, so that an index cannot reach outside its directory.
absl::Status CheckShardName(const std::string& tensor, const std::string& shard) {
  bool plain = !shard.empty() && shard.find('/') == std::string::npos && shard != "." && shard != ".." &&
               shard.find('\0') == std::string::npos;
  if (plain) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("weight_map.", tensor, " is \"", shard, "\", must be a file name without folders"));
}

// Tensor name -> shard.
absl::StatusOr<std::map<std::string, std::string>> ReadIndex(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, ReadFile(path, JsonLimits{}.max_bytes));
  ASSIGN_OR_RETURN(nlohmann::json value, ParseJson(text));
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(value, ""));
  const nlohmann::json* weight_map = fields.Find("weight_map");
  if (weight_map == nullptr || !weight_map->is_object()) return fields.Wrong("weight_map", "an object");
  std::map<std::string, std::string> shard_of;
  for (const auto& [tensor, shard] : weight_map->items()) {
    if (!shard.is_string()) {
      return absl::InvalidArgumentError(
          absl::StrCat("weight_map.", tensor, " is ", ShowJson(shard), ", must be a string"));
    }
    RETURN_IF_ERROR(CheckShardName(tensor, shard.get<std::string>()));
    shard_of[tensor] = shard.get<std::string>();
  }
  return shard_of;
}

// Both ways: what the index names is in its shard, and nothing else is.
absl::Status CheckShard(const std::string& shard, const SafetensorsFile& file,
                        const std::map<std::string, std::string>& shard_of) {
  size_t listed = 0;
  for (const auto& [tensor, in] : shard_of) {
    if (in != shard) continue;
    ++listed;
    if (file.Find(tensor) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(file.path(), ": no tensor ", tensor, ", though the index says so"));
    }
  }
  if (listed == file.tensors().size()) return absl::OkStatus();
  for (const TensorView& tensor : file.tensors()) {
    auto found = shard_of.find(tensor.name);
    if (found == shard_of.end() || found->second != shard) {
      return absl::InvalidArgumentError(absl::StrCat(file.path(), ": holds tensor ", tensor.name,
                                                     ", which the index does not place there"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

const TensorView* SafetensorsFile::Find(std::string_view name) const { return FindByName(tensors_, name); }
const TensorView* ModelTensors::Find(std::string_view name) const { return FindByName(tensors_, name); }

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::string& path, FileSystem* files) {
  SafetensorsFile file;
  file.path_ = path;
  ASSIGN_OR_RETURN(file.file_, files->Map(path));
  absl::StatusOr<std::vector<TensorView>> tensors = ParseSafetensors(file.file_.bytes, &file.metadata_);
  if (!tensors.ok()) return Annotate(tensors.status(), path);
  file.tensors_ = *std::move(tensors);
  return file;
}

absl::StatusOr<ModelTensors> OpenModelTensors(const std::string& dir) {
  ModelTensors model;
  std::string single = dir + "/model.safetensors";
  std::string index = single + ".index.json";
  absl::StatusOr<SafetensorsFile> file = SafetensorsFile::Open(single);
  if (file.ok()) {
    model.tensors_ = file->tensors();
    model.files_.push_back(*std::move(file));
    return model;
  }
  if (!absl::IsNotFound(file.status())) return file.status();
  auto shard_of = ReadIndex(index);
  if (absl::IsNotFound(shard_of.status())) {
    return absl::NotFoundError(
        absl::StrCat(dir, ": neither model.safetensors nor model.safetensors.index.json is there"));
  }
  if (!shard_of.ok()) return Annotate(shard_of.status(), index);
  std::map<std::string, bool> shards;
  for (const auto& [tensor, shard] : *shard_of) shards[shard] = true;
  for (const auto& [shard, unused] : shards) {
    ASSIGN_OR_RETURN(SafetensorsFile part, SafetensorsFile::Open(dir + "/" + shard));
    RETURN_IF_ERROR(CheckShard(shard, part, *shard_of));
    model.tensors_.insert(model.tensors_.end(), part.tensors().begin(), part.tensors().end());
    model.files_.push_back(std::move(part));
  }
  std::sort(model.tensors_.begin(), model.tensors_.end(),
            [](const TensorView& a, const TensorView& b) { return a.name < b.name; });
  return model;
}

}  // namespace drover::model
