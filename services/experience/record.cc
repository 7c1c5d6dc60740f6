#include "services/experience/record.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/status.h"

namespace drover::experience {
namespace {

constexpr std::string_view kMagic = "DROVERJL";
// Bytes hashed at most while looking for intact records behind a damaged one.
constexpr uint64_t kSearchBudget = uint64_t{256} << 20;
constexpr size_t kReadAhead = size_t{64} << 10;

void AppendLittleEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t LittleEndian(std::string_view data, size_t at, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= uint64_t{static_cast<unsigned char>(data[at + i])} << (8 * i);
  return value;
}

// The checksum of a record: over its length field and its payload.
uint64_t Checksum(std::string_view payload) {
  std::string covered;
  covered.reserve(4 + payload.size());
  AppendLittleEndian(payload.size(), 4, &covered);
  covered += payload;
  return Hash64(covered);
}

bool AllZero(std::string_view data) {
  return std::all_of(data.begin(), data.end(), [](char c) { return c == 0; });
}

// Whether an intact record begins anywhere in `data` behind its first byte: then what is wrong at its beginning is
// damage, and not the end of the file. Says true as well when looking took too long.
bool IntactRecordBehind(std::string_view data, uint32_t max_payload) {
  uint64_t hashed = 0;
  for (size_t at = 1; at + kRecordOverhead < data.size(); ++at) {
    const uint64_t length = LittleEndian(data, at, 4);
    if (length == 0 || length > max_payload || at + kRecordOverhead + length > data.size()) continue;
    if ((hashed += length) > kSearchBudget) return true;
    const std::string_view payload = data.substr(at + kRecordOverhead, length);
    if (Checksum(payload) == LittleEndian(data, at + 4, 8)) return true;
  }
  return false;
}

}  // namespace

uint32_t MaxPayload(FileKind kind) { return kind == FileKind::kEvents ? kMaxEventBytes : kMaxGroupBytes; }

std::string EncodeHeader(FileKind kind) {
  std::string header(kMagic);
  AppendLittleEndian(kFormatVersion, 4, &header);
  AppendLittleEndian(static_cast<uint32_t>(kind), 4, &header);
  return header;
}

absl::Status AppendRecord(FileKind kind, std::string_view payload, std::string* out) {
  if (payload.empty() || payload.size() > MaxPayload(kind)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a journal record of ", payload.size(), " bytes: it must have 1 to ", MaxPayload(kind)));
  }
  AppendLittleEndian(payload.size(), 4, out);
  AppendLittleEndian(Checksum(payload), 8, out);
  out->append(payload);
  return absl::OkStatus();
}

absl::StatusOr<RecordReader> RecordReader::Open(const std::string& path, FileKind kind, FileSystem* files) {
  ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, files->Open(path));
  RecordReader reader(std::move(file), path, kind);
  RETURN_IF_ERROR(reader.ReadHeader());
  return reader;
}

absl::Status RecordReader::ReadHeader() {
  if (file_bytes_ < kHeaderBytes) return Damaged("the file has no whole header");
  ASSIGN_OR_RETURN(const std::string header, ReadExactly(0, kHeaderBytes));
  if (header.compare(0, kMagic.size(), kMagic) != 0) return Damaged("this is no journal file (wrong magic)");
  const uint64_t version = LittleEndian(header, 8, 4);
  if (version != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(path_, ": journal format version ", version,
                                                      "; this program reads version ", kFormatVersion,
                                                      ": use the release that wrote the run"));
  }
  if (LittleEndian(header, 12, 4) != static_cast<uint32_t>(kind_)) {
    return Damaged("the header names another kind of file");
  }
  offset_ = kHeaderBytes;
  return absl::OkStatus();
}

absl::StatusOr<std::string> RecordReader::ReadExactly(uint64_t offset, size_t bytes) {
  const bool ahead = offset >= ahead_at_ && offset + bytes <= ahead_at_ + ahead_.size();
  if (!ahead) {
    ASSIGN_OR_RETURN(ahead_, file_->ReadAt(offset, std::max(bytes, kReadAhead)));
    ahead_at_ = offset;
  }
  if (offset + bytes > ahead_at_ + ahead_.size()) {
    return absl::DataLossError(absl::StrCat(path_, ": the file became shorter while it was read"));
  }
  return ahead_.substr(offset - ahead_at_, bytes);
}

absl::StatusOr<std::optional<Record>> RecordReader::Next() {
  const uint64_t left = file_bytes_ - offset_;
  if (left == 0 || !torn_.empty()) return std::nullopt;
  if (left < kRecordOverhead) {
    RETURN_IF_ERROR(EndTorn("part of a record's head"));
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(const std::string head, ReadExactly(offset_, kRecordOverhead));
  const uint64_t length = LittleEndian(head, 0, 4);
  if (length == 0 || length > MaxPayload(kind_) || length > left - kRecordOverhead) {
    RETURN_IF_ERROR(EndTorn(absl::StrCat("a record of ", length, " bytes that is not whole").c_str()));
    return std::nullopt;
  }
  Record record{offset_, {}};
  ASSIGN_OR_RETURN(record.payload, ReadExactly(offset_ + kRecordOverhead, length));
  if (Checksum(record.payload) != LittleEndian(head, 4, 8)) {
    RETURN_IF_ERROR(EndTorn("a record with a wrong checksum"));
    return std::nullopt;
  }
  offset_ += kRecordOverhead + length;
  return std::optional<Record>(std::move(record));
}

absl::Status RecordReader::EndTorn(std::string_view what) {
  // What a crash leaves is at most one append long; appends of several records are still bounded by this.
  const uint64_t left = file_bytes_ - offset_;
  if (left > uint64_t{MaxPayload(kind_)} + kRecordOverhead) return Damaged(what);
  ASSIGN_OR_RETURN(const std::string tail, ReadExactly(offset_, left));
  if (!AllZero(tail)) {
    if (IntactRecordBehind(tail, MaxPayload(kind_))) return Damaged(what);
    const uint64_t length = left < kRecordOverhead ? left : LittleEndian(tail, 0, 4);
    const bool whole = left >= kRecordOverhead && length > 0 && length <= MaxPayload(kind_);
    if (whole && kRecordOverhead + length < left) return Damaged(what);  // wrong checksum, and not the last
  }
  torn_ = absl::StrCat(ToAbsl(what), ", ", left, " bytes at the end");
  return absl::OkStatus();
}

absl::Status RecordReader::Damaged(std::string_view what) const {
  return absl::DataLossError(absl::StrCat(path_, ": damaged at offset ", offset_, " of ", file_bytes_, ": ",
                                          ToAbsl(what),
                                          ", with more behind it. A crash does not do this; the disk or "
                                          "another program did. Restore the file from a copy, or "
                                          "resume an older copy of the run folder"));
}

absl::StatusOr<std::string> ReadRecordAt(const std::string& path, FileKind kind, uint64_t offset,
                                         FileSystem* files) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file, files->Open(path));
  const auto damaged = [&](std::string_view what) {
    return absl::DataLossError(absl::StrCat(path, ": damaged at offset ", offset, ": ", ToAbsl(what)));
  };
  ASSIGN_OR_RETURN(const std::string head, file->ReadAt(offset, kRecordOverhead));
  if (head.size() < kRecordOverhead) return damaged("no record is there");
  const uint64_t length = LittleEndian(head, 0, 4);
  if (length == 0 || length > MaxPayload(kind)) return damaged("the record's length is impossible");
  ASSIGN_OR_RETURN(std::string payload, file->ReadAt(offset + kRecordOverhead, length));
  if (payload.size() < length) return damaged("the record is not whole");
  if (Checksum(payload) != LittleEndian(head, 4, 8)) return damaged("the record's checksum is wrong");
  return payload;
}

}  // namespace drover::experience
