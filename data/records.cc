#include "data/records.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "data/trim.h"

namespace drover::data {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Whether the file is one list of records, and not a record a line.
bool IsOneList(std::string_view bytes, const RecordLayout& layout) {
  const size_t begin = bytes.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos || bytes[begin] != '[') return false;
  if (!layout.list_records) return true;
  const size_t next = bytes.find_first_not_of(kWhiteSpace, begin + 1);
  if (next == std::string_view::npos) return false;
  return bytes[next] == '[' || bytes.substr(begin, next - begin).find('\n') != std::string_view::npos;
}

absl::Status AtLine(size_t line, const absl::Status& status) {
  return Annotate(status, std::to_string(line));
}

absl::Status Wrong(size_t line, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(line, ": ", ToAbsl(why)));
}

absl::Status ForEachLine(std::string_view rest, const std::function<absl::Status(const Record&)>& visit) {
  for (size_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = Trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    RETURN_IF_ERROR(AtLine(line, visit({line, text})));
  }
  return absl::OkStatus();
}

// Finds the ends of a list's elements by brackets and quotes alone; whether an element is JSON is its reader's to say.
class ListSplitter {
 public:
  explicit ListSplitter(std::string_view bytes) : bytes_(bytes) {}

  absl::Status Split(const std::function<absl::Status(const Record&)>& visit) {
    at_ = bytes_.find('[') + 1;
    line_ +=
        static_cast<size_t>(std::count(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(at_), '\n'));
    while (true) {
      SkipWhiteSpace();
      if (at_ == bytes_.size()) return Wrong(line_, "the list that the file is has no end: `]` is missing");
      if (bytes_[at_] == ']') break;
      const size_t line = line_, begin = at_;
      SkipElement();
      RETURN_IF_ERROR(AtLine(line, visit({line, Trim(bytes_.substr(begin, at_ - begin))})));
      if (at_ < bytes_.size() && bytes_[at_] == ',') ++at_;
    }
    ++at_;
    SkipWhiteSpace();
    if (at_ < bytes_.size()) return Wrong(line_, "something follows the list that the file is");
    return absl::OkStatus();
  }

 private:
  void Step() { line_ += bytes_[at_++] == '\n'; }
  void SkipWhiteSpace() {
    while (at_ < bytes_.size() && kWhiteSpace.find(bytes_[at_]) != std::string_view::npos) Step();
  }
  void SkipString() {
    for (Step(); at_ < bytes_.size() && bytes_[at_] != '"'; Step()) {
      if (bytes_[at_] == '\\' && at_ + 1 < bytes_.size()) Step();
    }
    if (at_ < bytes_.size()) Step();
  }
  // To the comma or bracket after the element.
  void SkipElement() {
    for (size_t depth = 0; at_ < bytes_.size();) {
      const char c = bytes_[at_];
      if (depth == 0 && (c == ',' || c == ']')) return;
      if (c == '"') {
        SkipString();
        continue;
      }
      if (c == '[' || c == '{') ++depth;
      if ((c == ']' || c == '}') && depth > 0) --depth;
      Step();
    }
  }

  const std::string_view bytes_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace

std::string_view OtherKindOfFile(std::string_view bytes) {
  if (bytes.starts_with("PAR1")) return "is a Parquet file; convert it to JSONL first (docs/guides/data.md)";
  if (bytes.starts_with("ARROW1") || bytes.starts_with("\xFF\xFF\xFF\xFF")) {
    return "is an Arrow file; convert it to JSONL first (docs/guides/data.md)";
  }
  if (bytes.starts_with("\x1F\x8B") || bytes.starts_with("PK\x03\x04") ||
      bytes.starts_with("\x28\xB5\x2F\xFD")) {
    return "is compressed; unpack it first";
  }
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return "is UTF-16; save it as UTF-8";
  return {};
}

absl::Status ForEachRecord(std::string_view bytes, const RecordLayout& layout,
                           const std::function<absl::Status(const Record&)>& visit) {
  if (const std::string_view other = OtherKindOfFile(bytes); !other.empty()) {
    return Wrong(1, std::string("the file ").append(other));
  }
  if (bytes.starts_with(kByteOrderMark)) bytes.remove_prefix(kByteOrderMark.size());
  return IsOneList(bytes, layout) ? ListSplitter(bytes).Split(visit) : ForEachLine(bytes, visit);
}

}  // namespace drover::data
