#include "programs/drover/eval/model_digest.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/file_system.h"
#include "base/status.h"
#include "model/config.h"
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

}  // namespace

absl::StatusOr<std::string> ModelDigest(const std::string& dir) {
  RETURN_IF_ERROR(AsBadInput(model::LoadModelConfig(dir).status()));
  RETURN_IF_ERROR(AsBadInput(model::Tokenizer::Load(dir).status()));
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(dir));
  Digester digester;
  bool weights = false;
  for (const FolderEntry& entry : entries) {
    if (!Decides(entry.name) || entry.kind == FolderEntry::Kind::kFolder) continue;
    weights = weights || absl::EndsWith(entry.name, ".safetensors");
    RETURN_IF_ERROR(AddFile(absl::StrCat(dir, "/", entry.name), entry.name, digester));
  }
  if (!weights) return absl::NotFoundError(absl::StrCat(dir, ": has no .safetensors file"));
  return digester.Hex();
}

}  // namespace drover::cli
