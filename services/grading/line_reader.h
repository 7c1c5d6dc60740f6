// Reads lines of bounded length.
#pragma once

#include <istream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace drover::grading {

class LineReader {
 public:
  static constexpr size_t kMaxLine = size_t{64} << 20;

  // `in` outlives the reader.
  explicit LineReader(std::istream& in) : buffer_(in.rdbuf()) {}

  // False at the end of the file. INVALID_ARGUMENT above kMaxLine bytes.
  absl::StatusOr<bool> Next(std::string* line) {
    line->clear();
    ++number_;
    for (int c = buffer_->sbumpc(); c != std::char_traits<char>::eof(); c = buffer_->sbumpc()) {
      ++bytes_;
      if (c == '\n') return true;
      if (line->size() == kMaxLine) {
        return absl::InvalidArgumentError(absl::StrCat("a line of over ", kMaxLine, " bytes"));
      }
      line->push_back(static_cast<char>(c));
    }
    return !line->empty();
  }

  size_t number() const { return number_; }  // of the line that was read last, from 1
  uint64_t bytes() const { return bytes_; }  // read so far

 private:
  std::streambuf* buffer_;
  size_t number_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace drover::grading
