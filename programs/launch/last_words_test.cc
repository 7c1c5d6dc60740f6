#include "programs/launch/last_words.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace drover::launch {
namespace {

TEST(LastWordsTest, TheEndOfBothFilesForPeople) {
  const std::string log = ::testing::TempDir() + "/last_words.log",
                    out = ::testing::TempDir() + "/last_words.out";
  std::string lines;
  for (int i = 0; i < 9; ++i)
    lines += R"({"time":"t","level":"info","process":"a","message":"step )" + std::to_string(i) + "\"}\n";
  lines += R"({"time":"t","level":"error","process":"a","message":"no memory","bytes":7,"file":"x"})"
           "\n";
  ASSERT_TRUE(WriteFileAtomically(log, lines).ok());
  ASSERT_TRUE(WriteFileAtomically(out, "f.cc:3: check failed: a == b\n").ok());
  EXPECT_EQ(LastWords(log, out, 2),
            "  info: step 8\n  error: no memory bytes=7 file=x\n  f.cc:3: check failed: a == b\n");
}

TEST(LastWordsTest, NothingIsEmpty) { EXPECT_EQ(LastWords("/no/such/log", "/no/such/out"), ""); }

}  // namespace
}  // namespace drover::launch
