#include "base/folder_digests.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "base/file.h"
#include "base/testing/temp_folder.h"

namespace drover {
namespace {

class FolderDigestsTest : public ::testing::Test {
 protected:
  FolderDigestsTest() {
    EXPECT_TRUE(WriteFileAtomically(dir_ + "/b.json", "{}").ok());
    EXPECT_TRUE(WriteFileAtomically(dir_ + "/a with space", std::string(3 << 20, 'x')).ok());
    EXPECT_TRUE(WriteFileAtomically(dir_ + "/empty", "").ok());
    std::filesystem::create_directory(dir_ + "/folder");
    EXPECT_TRUE(WriteFolderDigests(dir_).ok());
  }
  std::string Error() const {
    const absl::Status status = CheckFolderDigests(dir_);
    EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << status;
    return std::string(status.message());
  }
  void Put(const std::string& name, const std::string& text) const {
    std::ofstream(dir_ + "/" + name, std::ios::binary) << text;
  }
  const testing::TempFolder folder_;
  const std::string dir_ = folder_.path();
};

TEST_F(FolderDigestsTest, TheListIsOneThatXxhsumReads) {
  EXPECT_EQ(ReadFile(dir_ + "/" + kDigestsFile).value(), HexDigest(std::string(3 << 20, 'x')) +
                                                             "  a with space\n" + HexDigest("{}") +
                                                             "  b.json\n" + HexDigest("") + "  empty\n");
  EXPECT_EQ(Error(), "");
}

TEST_F(FolderDigestsTest, AnyFlippedBitIsFound) {
  for (const size_t at : {size_t{0}, size_t{1} << 20, (size_t{3} << 20) - 1}) {
    std::string text(3 << 20, 'x');
    text[at] ^= 1;
    Put("a with space", text);
    EXPECT_NE(Error().find("a with space: damaged"), std::string::npos);
  }
}

// Whoever wrote the file knows better than the disk what it should be.
TEST_F(FolderDigestsTest, KnownDigestsAreListedAsTheyAre) {
  EXPECT_EQ(FileDigest(dir_ + "/b.json").value(), HexDigest("{}"));
  ASSERT_TRUE(WriteFolderDigests(dir_, PosixFileSystem(), {{"b.json", HexDigest("{} ")}, {"gone", ""}}).ok());
  EXPECT_NE(Error().find("b.json: damaged"), std::string::npos);
  Put("b.json", "{} ");
  EXPECT_EQ(Error(), "");
}

TEST_F(FolderDigestsTest, CompletenessLooksAtNamesAlone) {
  Put("b.json", "other");
  EXPECT_TRUE(CheckFolderIsComplete(dir_).ok());
  std::filesystem::remove(dir_ + "/empty");
  EXPECT_TRUE(absl::IsDataLoss(CheckFolderIsComplete(dir_)));
  std::filesystem::remove(dir_ + "/" + kDigestsFile);
  EXPECT_TRUE(absl::IsNotFound(CheckFolderIsComplete(dir_)));
}

TEST_F(FolderDigestsTest, CutGrownAndMissingFilesAreNamed) {
  Put("b.json", "{");
  EXPECT_NE(Error().find("b.json: damaged"), std::string::npos);
  Put("b.json", "{}");
  Put("empty", "!");
  EXPECT_NE(Error().find("empty: damaged"), std::string::npos);
  std::filesystem::remove(dir_ + "/empty");
  EXPECT_NE(Error().find("empty: is missing"), std::string::npos);
}

TEST_F(FolderDigestsTest, FilesThatAreNotListedAreNobodysBusiness) {
  Put("notes.txt", "mine");
  EXPECT_EQ(Error(), "");
}

TEST_F(FolderDigestsTest, AListThatCannotBeReadIsDamage) {
  const std::string good = ReadFile(dir_ + "/" + kDigestsFile).value();
  for (const std::string& text : {std::string(), good.substr(0, good.size() - 1), good.substr(0, 40) + "\n\n",
                                  std::string("short\n"), std::string(32, '0') + "  ../b.json\n"}) {
    Put(kDigestsFile, text);
    EXPECT_NE(Error(), "") << text;
  }
  std::filesystem::remove(dir_ + "/" + kDigestsFile);
  EXPECT_EQ(CheckFolderDigests(dir_).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace drover
