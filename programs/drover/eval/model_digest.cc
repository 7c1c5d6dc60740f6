#include "programs/drover/eval/model_digest.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/file_system.h"
#include "base/status.h"
#include "model/config.h"
#include "model/lora_files.h"
#include "model/tokenizer.h"

namespace drover::cli {
namespace {

constexpr size_t kChunk = size_t{4} << 20;

bool Decides(const std::string& name) {
  return name == "config.json" || name == "generation_config.json" || name == "tokenizer.json" ||
         name == "adapter_config.json" || absl::EndsWith(name, ".safetensors");
}

absl::Status AddFile(const std::string& path, const std::string& name, Digester& digester) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file, PosixFileSystem()->Open(path));
  digester.Update(absl::StrCat(name, "\n", file->size(), "\n"));
  for (uint64_t offset = 0;;) {
    ASSIGN_OR_RETURN(const std::string chunk, file->ReadAt(offset, kChunk));
    if (chunk.empty()) return absl::OkStatus();
    digester.Update(chunk);
    offset += chunk.size();
  }
}

absl::Status AddFolder(const std::string& dir, Digester& digester) {
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(dir));
  bool weights = false;
  for (const FolderEntry& entry : entries) {
    if (!Decides(entry.name) || entry.kind == FolderEntry::Kind::kFolder) continue;
    weights = weights || absl::EndsWith(entry.name, ".safetensors");
    RETURN_IF_ERROR(AddFile(absl::StrCat(dir, "/", entry.name), entry.name, digester));
  }
  if (!weights) return absl::NotFoundError(absl::StrCat(dir, ": has no .safetensors file"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ModelDigest(const std::string& dir) {
  ASSIGN_OR_RETURN(const std::string base, model::BaseFolder(dir));
  RETURN_IF_ERROR(AsBadInput(model::LoadModelConfig(base).status()));
  RETURN_IF_ERROR(AsBadInput(model::Tokenizer::Load(dir).status()));
  Digester digester;
  RETURN_IF_ERROR(AddFolder(dir, digester));
  if (base != dir) RETURN_IF_ERROR(AddFolder(base, digester));
  return digester.Hex();
}

}  // namespace drover::cli
