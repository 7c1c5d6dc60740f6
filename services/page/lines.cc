#include "services/page/lines.h"

#include <algorithm>
#include <memory>

#include "absl/status/statusor.h"
#include "base/status.h"

namespace drover::page {
namespace {

constexpr uint64_t kChunk = uint64_t{1} << 20;

// Puts lines together from pieces of a file.
class Splitter {
 public:
  Splitter(uint64_t offset, uint64_t max_text, const std::function<absl::Status(const Line&)>& each)
      : start_(offset), max_text_(max_text), each_(each) {}

  absl::Status Take(std::string_view piece) {
    while (!piece.empty()) {
      const size_t end = piece.find('\n');
      Keep(piece.substr(0, end));
      if (end == std::string_view::npos) return absl::OkStatus();
      RETURN_IF_ERROR(each_({.offset = start_, .bytes = bytes_, .text = text_}));
      start_ += bytes_ + 1;
      bytes_ = 0;
      text_.clear();
      piece.remove_prefix(end + 1);
    }
    return absl::OkStatus();
  }

 private:
  void Keep(std::string_view part) {
    bytes_ += part.size();
    text_.append(part.substr(0, std::min<uint64_t>(part.size(), max_text_ - text_.size())));
  }

  uint64_t start_;
  const uint64_t max_text_;
  const std::function<absl::Status(const Line&)>& each_;
  uint64_t bytes_ = 0;
  std::string text_;
};

}  // namespace

absl::Status ForEachLine(FileSystem* files, const std::string& path, uint64_t offset, uint64_t max_text,
                         const std::function<absl::Status(const Line&)>& each) {
  const absl::StatusOr<std::unique_ptr<ReadableFile>> file = files->Open(path);
  if (absl::IsNotFound(file.status())) return absl::OkStatus();
  RETURN_IF_ERROR(file.status());
  Splitter splitter(offset, max_text, each);
  for (uint64_t at = offset; at < (*file)->size(); at += kChunk) {
    ASSIGN_OR_RETURN(const std::string chunk, (*file)->ReadAt(at, kChunk));
    RETURN_IF_ERROR(splitter.Take(chunk));
  }
  return absl::OkStatus();
}

}  // namespace drover::page
