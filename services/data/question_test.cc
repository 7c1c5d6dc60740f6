#include "services/data/question.h"

#include <string>

#include "gtest/gtest.h"

namespace drover::data {
namespace {

TEST(IsHeldout, TakesTheShare) {
  for (const double share : {0.02, 0.3}) {
    int heldout = 0;
    for (int i = 0; i < 20'000; ++i) heldout += IsHeldout("question " + std::to_string(i), share);
    EXPECT_NEAR(heldout / 20'000.0, share, 0.02);
  }
  EXPECT_FALSE(IsHeldout("question", 0));
}

TEST(CanonicalTextTest, WhiteSpaceIsOneSpace) {
  EXPECT_EQ(CanonicalText("  What\tis \n 1 + 1? "), "What is 1 + 1?");
  EXPECT_EQ(CanonicalText("a\nb"), "a b");
  EXPECT_EQ(CanonicalText("\xC3\xA9  x"), "\xC3\xA9 x");
  EXPECT_EQ(CanonicalText(" "), "");
}

TEST(IsHeldout, TwinsThatDifferByWhiteSpaceAreOnOneSide) {
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(IsHeldout("What is " + number + "?", 0.5), IsHeldout(" What  is\n" + number + "? ", 0.5));
  }
}

// Which side a question is on must not change between releases: runs are compared by their held-out accuracy. The
// reference is XXH3-64 of the text, as xxhash for Python gives it, over 2^64.
TEST(IsHeldout, IsFixed) {
  // XXH3-64("347+85:") = 0x31ce1a579c649570, which is 0.19455 of 2^64.
  EXPECT_TRUE(IsHeldout("347+85:", 0.1946));
  EXPECT_FALSE(IsHeldout("347+85:", 0.1945));
}

}  // namespace
}  // namespace drover::data
