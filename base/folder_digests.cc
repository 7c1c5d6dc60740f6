#include "base/folder_digests.h"

#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/status.h"

namespace drover {
namespace {

constexpr size_t kChunk = size_t{1} << 20;
constexpr uint64_t kMaxList = uint64_t{16} << 20;
constexpr size_t kHexDigits = 32;

// Name -> digest.
absl::StatusOr<std::map<std::string, std::string>> ReadList(const std::string& path, FileSystem* files) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxList, files));
  std::map<std::string, std::string> digests;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    const std::string& line = lines[i];
    const bool good = line.size() > kHexDigits + 2 && line.substr(kHexDigits, 2) == "  " &&
                      line.find('/') == std::string::npos;
    if (!good) return absl::DataLossError(absl::StrCat(path, ":", i + 1, ": no digest and name of a file"));
    digests[line.substr(kHexDigits + 2)] = line.substr(0, kHexDigits);
  }
  if (digests.empty() || !lines.back().empty()) {
    return absl::DataLossError(absl::StrCat(path, ": does not end in a whole line"));
  }
  return digests;
}

absl::Status Missing(const std::string& path) {
  return absl::DataLossError(absl::StrCat(path, ": is missing, but ", kDigestsFile, " lists it"));
}

}  // namespace

absl::StatusOr<std::string> FileDigest(const std::string& path, FileSystem* files) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file, files->Open(path));
  Digester digester;
  for (uint64_t offset = 0;;) {
    ASSIGN_OR_RETURN(const std::string chunk, file->ReadAt(offset, kChunk));
    if (chunk.empty()) return digester.Hex();
    digester.Update(chunk.data(), chunk.size());
    offset += chunk.size();
  }
}

absl::Status WriteFolderDigests(const std::string& dir, FileSystem* files,
                                const std::map<std::string, std::string>& known) {
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, files->List(dir));
  std::map<std::string, std::string> digests;
  for (const FolderEntry& entry : entries) {
    if (entry.name == kDigestsFile || entry.kind != FolderEntry::Kind::kFile) continue;
    const auto found = known.find(entry.name);
    if (found != known.end()) {
      digests[entry.name] = found->second;
    } else {
      ASSIGN_OR_RETURN(digests[entry.name], FileDigest(absl::StrCat(dir, "/", entry.name), files));
    }
  }
  std::string list;
  for (const auto& [name, digest] : digests) absl::StrAppend(&list, digest, "  ", name, "\n");
  return WriteFileAtomically(absl::StrCat(dir, "/", kDigestsFile), list, files);
}

absl::Status CheckFolderIsComplete(const std::string& dir, FileSystem* files) {
  ASSIGN_OR_RETURN(const auto digests, ReadList(absl::StrCat(dir, "/", kDigestsFile), files));
  for (const auto& [name, digest] : digests) {
    const std::string path = absl::StrCat(dir, "/", name);
    ASSIGN_OR_RETURN(const bool there, files->Exists(path));
    if (!there) return Missing(path);
  }
  return absl::OkStatus();
}

absl::Status CheckFolderDigests(const std::string& dir, FileSystem* files) {
  ASSIGN_OR_RETURN(const auto digests, ReadList(absl::StrCat(dir, "/", kDigestsFile), files));
  for (const auto& [name, expected] : digests) {
    const std::string path = absl::StrCat(dir, "/", name);
    const absl::StatusOr<std::string> digest = FileDigest(path, files);
    if (absl::IsNotFound(digest.status())) return Missing(path);
    RETURN_IF_ERROR(digest.status());
    if (*digest == expected) continue;
    return absl::DataLossError(
        absl::StrCat(path, ": damaged: its digest is ", *digest, ", but ", kDigestsFile, " says ", expected));
  }
  return absl::OkStatus();
}

}  // namespace drover
