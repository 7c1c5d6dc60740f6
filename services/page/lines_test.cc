#include "services/page/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/file.h"
#include "base/testing/memory_file_system.h"

namespace drover::page {
namespace {

using ::testing::ElementsAre;

class LinesTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { ASSERT_TRUE(WriteFileAtomically("/f", text, &files_).ok()); }
  std::vector<std::string> Texts(uint64_t offset = 0, uint64_t max_text = 1000) {
    std::vector<std::string> texts;
    EXPECT_TRUE(ForEachLine(&files_, "/f", offset, max_text, [&](const Line& line) {
                  texts.emplace_back(line.text);
                  lines_.push_back({.offset = line.offset, .bytes = line.bytes, .text = {}});
                  return absl::OkStatus();
                }).ok());
    return texts;
  }

  testing::MemoryFileSystem files_;
  std::vector<Line> lines_;
};

TEST_F(LinesTest, WholeLinesWithTheirPlaces) {
  Write("one\n\nthree\nfou");
  EXPECT_THAT(Texts(), ElementsAre("one", "", "three"));
  EXPECT_EQ(lines_[2].offset, 5U);
  EXPECT_EQ(lines_[2].bytes, 5U);
  EXPECT_THAT(Texts(/*offset=*/5), ElementsAre("three"));
  EXPECT_THAT(Texts(/*offset=*/100), ElementsAre());
}

TEST_F(LinesTest, OfALongLineOnlyItsBeginningIsKept) {
  Write(std::string(3 << 20, 'x') + "\nshort\n");
  EXPECT_THAT(Texts(0, 4), ElementsAre("xxxx", "shor"));
  EXPECT_EQ(lines_[0].bytes, uint64_t{3} << 20);
  EXPECT_EQ(lines_[1].offset, (uint64_t{3} << 20) + 1);
}

TEST_F(LinesTest, AMissingFileHasNone) {
  EXPECT_TRUE(
      ForEachLine(&files_, "/none", 0, 10, [](const Line&) { return absl::InternalError("called"); }).ok());
}

TEST_F(LinesTest, AnErrorEndsIt) {
  Write("a\nb\n");
  int calls = 0;
  const absl::Status status = ForEachLine(&files_, "/f", 0, 10, [&](const Line&) {
    ++calls;
    return absl::DataLossError("no");
  });
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace drover::page
