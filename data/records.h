// The records of a JSON file, however it is laid out:
//
//   {"problem": ...}\n          one a line (JSONL); blank lines are skipped
//   {"problem": ...}\n
//
//   [{"problem": ...},          the elements of one list, over as many lines as it likes
//    {"problem": ...}]
//
// A UTF-8 byte order mark at the beginning does not count, nor does white space around a record, carriage returns included.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "absl/status/status.h"

namespace drover::data {

struct Record {
  size_t line = 1;        // where it begins, from 1
  std::string_view text;  // without white space around it; not looked into
};

struct RecordLayout {
  // A record may itself be a list, as in ORZ-57K: then a file is one list only where it begins with two brackets, or breaks the
  // line behind the first.
  bool list_records = false;
};

// What `bytes` are when they are no JSON text but some other kind of file (Parquet, Arrow, compressed, UTF-16), as the end
// of a sentence that says what to do; empty when nothing is known against them.
std::string_view OtherKindOfFile(std::string_view bytes);

// Calls `visit` with each record in turn, until it returns an error. INVALID_ARGUMENT as "LINE: why" for a list that does
// not end or that something follows, and for another kind of file (line 1); visit's errors get their record's line.
absl::Status ForEachRecord(std::string_view bytes, const RecordLayout& layout,
                           const std::function<absl::Status(const Record&)>& visit);

}  // namespace drover::data
