// The lines of a file of any size, one after another: a run's JSONL files may be larger than memory.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/file_system.h"

namespace drover::page {

struct Line {
  uint64_t offset = 0;    // of its first byte in the file
  uint64_t bytes = 0;     // its length without the line end
  std::string_view text;  // its first bytes, at most the limit; valid during the call alone
};

// Calls `each` for every line from `offset` on that ends, the last one without a line end left out (it is still being
// written). Of a longer line only the first `max_text` bytes are kept. Stops at the first error of `each`. A missing file
// has no lines.
absl::Status ForEachLine(FileSystem* files, const std::string& path, uint64_t offset, uint64_t max_text,
                         const std::function<absl::Status(const Line&)>& each);

}  // namespace drover::page
