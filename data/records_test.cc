#include "data/records.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "LINE TEXT" of each record, then the error where there is one.
std::vector<std::string> Read(std::string_view bytes, bool list_records = false) {
  std::vector<std::string> found;
  const absl::Status status = ForEachRecord(bytes, {.list_records = list_records}, [&](const Record& record) {
    found.push_back(std::to_string(record.line) + " " + std::string(record.text));
    return absl::OkStatus();
  });
  if (!status.ok()) found.push_back("error " + std::string(status.message()));
  return found;
}

TEST(ForEachRecord, Lines) {
  EXPECT_THAT(Read("{1}\n\n {2} \r\n{3}"), ElementsAre("1 {1}", "3 {2}", "4 {3}"));
  EXPECT_THAT(Read("\xEF\xBB\xBF{1}\r\n"), ElementsAre("1 {1}"));
  EXPECT_THAT(Read(""), IsEmpty());
  EXPECT_THAT(Read("\xEF\xBB\xBF \n\r\n"), IsEmpty());
}

TEST(ForEachRecord, OneList) {
  EXPECT_THAT(Read("[{1},\n {2,\n\"a]\\\"},\": [3]}\n,{4}\n]\n"),
              ElementsAre("1 {1}", "2 {2,\n\"a]\\\"},\": [3]}", "4 {4}"));
  EXPECT_THAT(Read("\xEF\xBB\xBF\r\n[\r\n{1}\r\n]"), ElementsAre("3 {1}"));
  EXPECT_THAT(Read("[]"), IsEmpty());
  EXPECT_THAT(Read("[{1},,{2}]"), ElementsAre("1 {1}", "1 ", "1 {2}"));
}

TEST(ForEachRecord, ListsThatAreRecords) {
  EXPECT_THAT(Read("[{1},{2}]\n[{3}]", true), ElementsAre("1 [{1},{2}]", "2 [{3}]"));
  EXPECT_THAT(Read("[ [{1},{2}],\n[{3}]]", true), ElementsAre("1 [{1},{2}]", "2 [{3}]"));
  EXPECT_THAT(Read("[\n  {1},\n  {2}\n]", true), ElementsAre("2 {1}", "3 {2}"));
}

TEST(ForEachRecord, BrokenLists) {
  EXPECT_THAT(Read("[{1},\n{2}\n"),
              ElementsAre("1 {1}", "2 {2}", "error 3: the list that the file is has no end: `]` is missing"));
  EXPECT_THAT(Read("[{1}]\n{2}"),
              ElementsAre("1 {1}", "error 2: something follows the list that the file is"));
  EXPECT_THAT(Read("[{\"a"), ElementsAre("1 {\"a", testing::HasSubstr("has no end")));
  EXPECT_THAT(Read("[\"\\"), ElementsAre("1 \"\\", testing::HasSubstr("has no end")));
  EXPECT_THAT(Read("[}"), ElementsAre("1 }", testing::HasSubstr("has no end")));
}

TEST(ForEachRecord, AnErrorHasTheLineOfItsRecord) {
  const auto fails = [](const Record&) { return absl::InvalidArgumentError("no"); };
  EXPECT_EQ(ForEachRecord("\n{1}", {}, fails).message(), "2: no");
  EXPECT_EQ(ForEachRecord("[\n\n{1}]", {}, fails).message(), "3: no");
}

TEST(ForEachRecord, OtherKindsOfFilesAreNamed) {
  EXPECT_THAT(
      Read("PAR1\x15\x04"),
      ElementsAre("error 1: the file is a Parquet file; convert it to JSONL first (docs/guides/data.md)"));
  EXPECT_THAT(Read("ARROW1"), ElementsAre(testing::HasSubstr("is an Arrow file")));
  EXPECT_THAT(Read("\x1F\x8B\x08"), ElementsAre(testing::HasSubstr("is compressed")));
  EXPECT_THAT(Read(std::string_view("\xFF\xFE{\0", 4)), ElementsAre(testing::HasSubstr("is UTF-16")));
}

}  // namespace
}  // namespace drover::data
