// The file format against every cut and every flipped bit.
#include "services/experience/record.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/digest.h"
#include "base/file.h"
#include "base/testing/memory_file_system.h"
#include "services/experience/testing/support.h"

namespace drover::experience {
namespace {

struct Read {
  absl::Status status;
  std::vector<Record> records;
  uint64_t end = 0;
  std::string torn;
};

Read ReadAll(const std::string& data, FileKind kind = FileKind::kEvents) {
  Read read;
  drover::testing::MemoryFileSystem files;
  files.Put("test.log", data);
  auto reader = RecordReader::Open("test.log", kind, &files);
  read.status = reader.status();
  while (read.status.ok()) {
    auto record = reader->Next();
    read.status = record.status();
    if (!record.ok() || !*record) break;
    read.records.push_back(**std::move(record));
  }
  if (reader.ok()) read.end = reader->offset();
  if (reader.ok()) read.torn = reader->torn();
  return read;
}

const std::vector<std::string>& Payloads() {
  static const std::vector<std::string> payloads = {"first", std::string(40, '\0') + "zeros", "x",
                                                    std::string(300, 'q'), "the last one"};
  return payloads;
}

std::string File() {
  std::string data = EncodeHeader(FileKind::kEvents);
  for (const auto& payload : Payloads()) EXPECT_TRUE(AppendRecord(FileKind::kEvents, payload, &data).ok());
  return data;
}

// The bytes, independently of the writer.
TEST(RecordTest, FormatIsAsDocumented) {
  std::string data = EncodeHeader(FileKind::kGroups);
  ASSERT_TRUE(AppendRecord(FileKind::kGroups, "ab", &data).ok());
  EXPECT_EQ(data.substr(0, 16), std::string("DROVERJL\1\0\0\0\2\0\0\0", 16));
  EXPECT_EQ(data.substr(16, 4), std::string("\2\0\0\0", 4));
  uint64_t sum = 0;
  for (int i = 7; i >= 0; --i) sum = sum << 8 | static_cast<unsigned char>(data[20 + i]);
  EXPECT_EQ(sum, Hash64(std::string("\2\0\0\0ab", 6)));
  EXPECT_EQ(data.substr(28), "ab");
}

TEST(RecordTest, RoundTrip) {
  const Read read = ReadAll(File());
  ASSERT_TRUE(read.status.ok()) << read.status;
  ASSERT_EQ(read.records.size(), Payloads().size());
  for (size_t i = 0; i < Payloads().size(); ++i) EXPECT_EQ(read.records[i].payload, Payloads()[i]);
  EXPECT_EQ(read.records[1].offset, kHeaderBytes + kRecordOverhead + 5);
  EXPECT_EQ(read.torn, "");
  EXPECT_EQ(read.end, File().size());
}

TEST(RecordTest, EveryTruncationKeepsTheWholeRecords) {
  const std::string whole = File();
  const std::vector<Record> records = ReadAll(whole).records;
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    SCOPED_TRACE(bytes);
    const Read read = ReadAll(whole.substr(0, bytes));
    if (bytes < kHeaderBytes) {
      EXPECT_EQ(read.status.code(), absl::StatusCode::kDataLoss);
      continue;
    }
    ASSERT_TRUE(read.status.ok()) << read.status;
    size_t expected = 0;
    uint64_t end = kHeaderBytes;
    for (const Record& record : records) {
      const uint64_t after = record.offset + kRecordOverhead + record.payload.size();
      if (after > bytes) break;
      ++expected;
      end = after;
    }
    EXPECT_EQ(read.records.size(), expected);
    EXPECT_EQ(read.end, end);
    EXPECT_EQ(read.torn.empty(), end == bytes);
  }
}

TEST(RecordTest, EveryFlippedBitIsFound) {
  const std::string whole = File();
  const uint64_t last = ReadAll(whole).records.back().offset;
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    SCOPED_TRACE(bit);
    std::string data = whole;
    data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << (bit % 8)));
    const Read read = ReadAll(data);
    for (size_t i = 0; i < read.records.size(); ++i) EXPECT_EQ(read.records[i].payload, Payloads()[i]);
    EXPECT_LT(read.records.size(), Payloads().size());
    if (bit / 8 < last) {
      // Never taken for a torn end: that would drop acknowledged groups silently.
      ASSERT_FALSE(read.status.ok());
      EXPECT_NE(read.status.message().find("test.log"), absl::string_view::npos);
    } else if (read.status.ok()) {
      EXPECT_EQ(read.end, last);
      EXPECT_NE(read.torn, "");
    }
  }
}

TEST(RecordTest, DamageNamesFileOffsetAndWhatToDo) {
  std::string data = File();
  data[kHeaderBytes + kRecordOverhead] ^= 1;
  const absl::Status status = ReadAll(data).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  const std::string message(status.message());
  EXPECT_NE(message.find("test.log: damaged at offset 16"), std::string::npos) << message;
  EXPECT_NE(message.find("Restore the file"), std::string::npos) << message;
}

// A file system may lengthen a file before its data arrives.
TEST(RecordTest, ZerosAtTheEndAreATornTail) {
  for (size_t zeros : {1, 11, 12, 13, 4096}) {
    const Read read = ReadAll(File() + std::string(zeros, '\0'));
    ASSERT_TRUE(read.status.ok()) << read.status;
    EXPECT_EQ(read.records.size(), Payloads().size());
    EXPECT_EQ(read.end, File().size());
    EXPECT_NE(read.torn, "");
  }
}

TEST(RecordTest, MoreGarbageThanARecordIsDamage) {
  const Read read = ReadAll(File() + std::string(kMaxEventBytes + 64, '\xff'));
  EXPECT_EQ(read.status.code(), absl::StatusCode::kDataLoss);
}

TEST(RecordTest, OtherVersionsAndKindsAreRefused) {
  EXPECT_EQ(ReadAll(File(), FileKind::kGroups).status.code(), absl::StatusCode::kDataLoss);
  std::string newer = File();
  newer[8] = 2;
  const absl::Status status = ReadAll(newer).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.message().find("format version 2"), absl::string_view::npos);
  EXPECT_EQ(ReadAll("").status.code(), absl::StatusCode::kDataLoss);
}

TEST(RecordTest, PayloadsAreBounded) {
  std::string out;
  EXPECT_EQ(AppendRecord(FileKind::kEvents, "", &out).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AppendRecord(FileKind::kEvents, std::string(kMaxEventBytes + 1, 'x'), &out).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(out.empty());
}

TEST(RecordTest, ReadsOneRecordByItsOffset) {
  testing::TempFolder folder;
  const std::string path = folder.path() + "/groups.log";
  std::string data = EncodeHeader(FileKind::kGroups);
  const uint64_t first = data.size();
  ASSERT_TRUE(AppendRecord(FileKind::kGroups, "one", &data).ok());
  const uint64_t second = data.size();
  ASSERT_TRUE(AppendRecord(FileKind::kGroups, "two", &data).ok());
  ASSERT_TRUE(WriteFileAtomically(path, data).ok());
  EXPECT_EQ(*ReadRecordAt(path, FileKind::kGroups, first), "one");
  EXPECT_EQ(*ReadRecordAt(path, FileKind::kGroups, second), "two");
  for (uint64_t offset = 0; offset < data.size() + 20; ++offset) {
    if (offset == first || offset == second) continue;
    EXPECT_EQ(ReadRecordAt(path, FileKind::kGroups, offset).status().code(), absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(ReadRecordAt(folder.path() + "/none.log", FileKind::kGroups, 16).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace drover::experience
