// A list of the digests of a folder's files, in the folder: whoever reads them can tell that no bit was flipped.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover {

// Its name: lines "32 hexadecimal digits of XXH3-128, two spaces, name", sorted by name; `xxhsum -c` reads them.
inline constexpr char kDigestsFile[] = "digests.xxh128";

// 32 hexadecimal digits.
absl::StatusOr<std::string> FileDigest(const std::string& path, FileSystem* files = PosixFileSystem());

// Writes the list of the plain files that are in `dir` now, durably. Those of `known`, name -> digest, are not read.
absl::Status WriteFolderDigests(const std::string& dir, FileSystem* files = PosixFileSystem(),
                                const std::map<std::string, std::string>& known = {});

// Reads every file of the list. DATA_LOSS names the first that is missing or has another digest, or a list that cannot be
// read; NOT_FOUND: there is no list. Files that are not listed are not looked at.
absl::Status CheckFolderDigests(const std::string& dir, FileSystem* files = PosixFileSystem());

// That every file of the list is there, without reading it. Errors as CheckFolderDigests's.
absl::Status CheckFolderIsComplete(const std::string& dir, FileSystem* files = PosixFileSystem());

}  // namespace drover
