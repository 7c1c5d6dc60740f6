#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/temp_folder.h"

namespace drover {
namespace {

std::string Path(const std::string& name) { return ::testing::TempDir() + "/drover_file_test_" + name; }

TEST(FileTest, AtomicWriteReplacesAndLeavesNoTemporary) {
  const std::string folder = Path("atomic");
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(MakeFolders(folder + "/a/b").ok());
  const std::string path = folder + "/a/b/f";
  ASSERT_TRUE(WriteFileAtomically(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomically(path, std::string("two\0three", 9)).ok());
  EXPECT_EQ(ReadFile(path).value(), std::string("two\0three", 9));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder + "/a/b"), {}), 1);
}

TEST(FileTest, ErrorsNameThePath) {
  const auto missing = ReadFile(Path("missing"));
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(missing.status().message().find("drover_file_test_missing"), absl::string_view::npos);
  EXPECT_EQ(ReadFile(::testing::TempDir()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(WriteFileAtomically(Path("no/such/folder/f"), "x").ok());
}

TEST(FileTest, ReadRefusesAFileAboveTheLimit) {
  ASSERT_TRUE(WriteFileAtomically(Path("large"), std::string(1000, 'x')).ok());
  EXPECT_EQ(ReadFile(Path("large"), 999).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(ReadFile(Path("large"), 1000).ok());
}

TEST(FileTest, OnlyPlainFilesMayBeReplaced) {
  const std::string plain = Path("plain"), link = Path("link");
  std::filesystem::remove(plain);
  std::filesystem::remove(link);
  EXPECT_TRUE(MayBeReplaced(plain));  // not there
  ASSERT_TRUE(WriteFileAtomically(plain, "x").ok());
  EXPECT_TRUE(MayBeReplaced(plain));
  std::filesystem::create_symlink(plain, link);
  EXPECT_FALSE(MayBeReplaced(link));
  EXPECT_FALSE(MayBeReplaced("/dev/null"));
  EXPECT_FALSE(MayBeReplaced("/dev/stdout"));
  EXPECT_FALSE(MayBeReplaced(::testing::TempDir()));
}

TEST(FileTest, AFullDiskIsAnError) {
  const auto file = PosixFileSystem()->OpenForAppending("/dev/full");
  if (!file.ok()) GTEST_SKIP() << "skipped: no /dev/full";
  EXPECT_EQ((*file)->Append("x").code(), absl::StatusCode::kResourceExhausted);
}

TEST(ReplaceFolder, TakesThePlaceOfWhateverIsThere) {
  const testing::TempFolder folder;
  const std::string base = folder.path();
  const std::string from = base + "/new", to = base + "/old";
  const auto build = [&](const std::string& text) {
    ASSERT_TRUE(MakeFolders(from).ok());
    ASSERT_TRUE(WriteFileAtomically(from + "/file", text).ok());
  };
  build("nothing was there");
  ASSERT_TRUE(ReplaceFolder(from, to).ok());
  EXPECT_EQ(ReadFile(to + "/file").value(), "nothing was there");
  build("a full one was there");
  ASSERT_TRUE(WriteFileAtomically(to + "/stray", "").ok());
  ASSERT_TRUE(ReplaceFolder(from, to).ok());
  EXPECT_EQ(ReadFile(to + "/file").value(), "a full one was there");
  EXPECT_TRUE(absl::IsNotFound(ReadFile(to + "/stray").status()));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(from + "/file").status()));
  ASSERT_TRUE(RemoveFolder(to).ok());
  ASSERT_TRUE(MakeFolders(to).ok());
  build("an empty one was there");
  ASSERT_TRUE(ReplaceFolder(from, to).ok());
  EXPECT_EQ(ReadFile(to + "/file").value(), "an empty one was there");
  EXPECT_FALSE(ReplaceFolder(base + "/missing", to).ok());
  EXPECT_EQ(ReadFile(to + "/file").value(), "an empty one was there");
  ASSERT_TRUE(RemoveFolder(base).ok());
  EXPECT_TRUE(RemoveFolder(base).ok()) << "nothing there is fine";
}

}  // namespace
}  // namespace drover
