// What a model answered and how each answer was graded, in a file: responses.jsonl of an evaluation's folder, a question a
// line, in the order in which they were answered.
//
//   {"benchmark","id","digest","level","subject","problem","gold":[...],"prompt","responses":[
//      {"text","tokens","truncated","reward","formatted","extracted","reason"}, ...]}
//
// `digest` says what was asked (SuiteQuestion::digest); `level` and `subject` are null where the data have none; `prompt` is a
// text, or the messages of a chat that was written down elsewhere; `extracted` is null when no answer was found; `reason` is
// the grader's (docs/reference/reward-formats.md). Bytes that are no UTF-8 are written as U+FFFD.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "evaluation/responder.h"

namespace drover::evaluation {

inline constexpr char kResponsesFile[] = "responses.jsonl";

struct GradedResponse {
  Response response;
  double reward = 0;  // 0 or 1
  bool formatted = false;
  std::string extracted;  // empty: none
  std::string reason;
};

struct QuestionRecord {
  std::string benchmark, id, digest, level, subject;
  std::string problem;
  std::vector<std::string> gold;
  std::string prompt, messages;  // one of them is empty unless the chat was written down here
  std::vector<GradedResponse> responses;
};

// Without a line's end.
std::string FormatRecord(const QuestionRecord& record);
// INVALID_ARGUMENT naming what is missing or of a wrong type.
absl::StatusOr<QuestionRecord> ParseRecord(std::string_view line);

// Calls `record` with each record of the file, in order. A torn or damaged line ends the reading: what is from there on is
// not read (a power loss leaves such a tail). Returns the bytes that were read. A missing file is empty.
absl::StatusOr<uint64_t> ReadRecords(const std::string& path,
                                     const std::function<absl::Status(QuestionRecord)>& record,
                                     FileSystem* files = PosixFileSystem());

// The file as it is written. Not thread-safe.
class RecordWriter {
 public:
  // Opens the file behind its whole records, which `record` is called with; what follows them is cut off.
  static absl::StatusOr<RecordWriter> Open(const std::string& path,
                                           const std::function<absl::Status(QuestionRecord)>& record,
                                           FileSystem* files = PosixFileSystem());

  // Durable once it returns OK. After an error the file may end in part of the record, which the next Open cuts off; this
  // writer then refuses all others.
  absl::Status Append(const QuestionRecord& record);

  // What Open cut off: a torn or damaged record and all behind it.
  uint64_t dropped_bytes() const { return dropped_bytes_; }

 private:
  RecordWriter(std::unique_ptr<AppendFile> file, uint64_t dropped_bytes)
      : file_(std::move(file)), dropped_bytes_(dropped_bytes) {}

  std::unique_ptr<AppendFile> file_;
  uint64_t dropped_bytes_;
  absl::Status failed_;
};

}  // namespace drover::evaluation
