// The journal's file format: a header, then checksummed records (docs/reference/journal.md).
//
//   header   8 bytes magic "DROVERJL", u32 format version, u32 kind of file
//   record   u32 length of the payload, u64 XXH3-64 over those 4 bytes and the payload, the payload
//
// All numbers are little-endian. A crash can cut only the end of an append-only file, so a torn tail (a record that
// runs past the end, a last record with a wrong checksum, or nothing but zeros) is not an error for a reader; anything
// else that is wrong is DATA_LOSS and names file and offset.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover::experience {

enum class FileKind : uint32_t { kEvents = 1, kGroups = 2 };

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kRecordOverhead = 12;
// Longest payload of a record.
inline constexpr uint32_t kMaxEventBytes = 16u << 20;
inline constexpr uint32_t kMaxGroupBytes = 64u << 20;

// Longest payload in a file of that kind.
uint32_t MaxPayload(FileKind kind);

std::string EncodeHeader(FileKind kind);
// Appends a record with `payload` to `out`. INVALID_ARGUMENT when it is empty or longer than the kind allows.
absl::Status AppendRecord(FileKind kind, std::string_view payload, std::string* out);

struct Record {
  uint64_t offset = 0;  // of the record's first byte in its file
  std::string payload;
};

// Reads the records of one file from its beginning, up to the size that it had when it was opened (another process may
// be appending). Memory is bounded by the longest record. Not thread-safe.
class RecordReader {
 public:
  // NOT_FOUND when there is no such file; DATA_LOSS for another magic or kind, FAILED_PRECONDITION for a newer
  // format version.
  static absl::StatusOr<RecordReader> Open(const std::string& path, FileKind kind,
                                           FileSystem* files = PosixFileSystem());

  // The next record; nullopt at the end (torn() says whether a tail was left out).
  absl::StatusOr<std::optional<Record>> Next();
  // Where the next record begins; after the last one, the length of the intact part.
  uint64_t offset() const { return offset_; }
  // Why the tail behind offset() is no record; empty when there is none.
  const std::string& torn() const { return torn_; }

 private:
  RecordReader(std::unique_ptr<ReadableFile> file, std::string path, FileKind kind)
      : file_(std::move(file)), path_(std::move(path)), kind_(kind), file_bytes_(file_->size()) {}

  absl::Status ReadHeader();
  absl::StatusOr<std::string> ReadExactly(uint64_t offset, size_t bytes);
  // Ends the file at offset_ if what follows can be what a crash leaves of an append, else DATA_LOSS.
  absl::Status EndTorn(std::string_view what);
  absl::Status Damaged(std::string_view what) const;

  std::unique_ptr<ReadableFile> file_;
  std::string path_;
  FileKind kind_;
  uint64_t file_bytes_;
  // The file's bytes from ahead_at_: most records are short, so several are read at once.
  std::string ahead_;
  uint64_t ahead_at_ = 0;
  uint64_t offset_ = 0;
  std::string torn_;
};

// The payload of the one record at `offset`. DATA_LOSS when there is none or its checksum is wrong.
absl::StatusOr<std::string> ReadRecordAt(const std::string& path, FileKind kind, uint64_t offset,
                                         FileSystem* files = PosixFileSystem());

}  // namespace drover::experience
