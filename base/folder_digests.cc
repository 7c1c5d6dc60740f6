#include "base/folder_digests.h"

#include <cstdio>
#include <filesystem>
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

namespace fs = std::filesystem;

constexpr size_t kChunk = size_t{1} << 20;
constexpr uint64_t kMaxList = uint64_t{16} << 20;
constexpr size_t kHexDigits = 32;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

absl::StatusOr<std::string> FileDigest(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return ErrnoError(path, "open");
  Digester digester;
  std::vector<char> chunk(kChunk);
  while (const size_t read = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    digester.Update(chunk.data(), read);
  }
  if (std::ferror(file.get()) != 0) return ErrnoError(path, "read");
  return digester.Hex();
}

// Name -> digest.
absl::StatusOr<std::map<std::string, std::string>> ReadList(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxList));
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

}  // namespace

absl::Status WriteFolderDigests(const std::string& dir) {
  std::map<std::string, std::string> digests;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    const std::string name = entry.path().filename().string();
    if (name == kDigestsFile || !entry.is_regular_file(error)) continue;
    ASSIGN_OR_RETURN(digests[name], FileDigest(entry.path().string()));
  }
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat(dir, ": cannot list the folder"));
  std::string list;
  for (const auto& [name, digest] : digests) absl::StrAppend(&list, digest, "  ", name, "\n");
  return WriteFileAtomically(absl::StrCat(dir, "/", kDigestsFile), list);
}

absl::Status CheckFolderDigests(const std::string& dir) {
  ASSIGN_OR_RETURN(const auto digests, ReadList(absl::StrCat(dir, "/", kDigestsFile)));
  for (const auto& [name, expected] : digests) {
    const std::string path = absl::StrCat(dir, "/", name);
    const absl::StatusOr<std::string> digest = FileDigest(path);
    if (absl::IsNotFound(digest.status())) {
      return absl::DataLossError(absl::StrCat(path, ": is missing, but ", kDigestsFile, " lists it"));
    }
    RETURN_IF_ERROR(digest.status());
    if (*digest == expected) continue;
    return absl::DataLossError(
        absl::StrCat(path, ": damaged: its digest is ", *digest, ", but ", kDigestsFile, " says ", expected));
  }
  return absl::OkStatus();
}

}  // namespace drover
