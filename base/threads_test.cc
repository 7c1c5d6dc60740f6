#include "base/threads.h"

#include <gtest/gtest.h>

namespace drover {
namespace {

TEST(Threads, TheFirstWishCounts) {
  EXPECT_EQ(ThreadCount({3, 5}), 3);
  EXPECT_EQ(ThreadCount({0, 5}), 5);
  EXPECT_GE(Cores(), 1);
  EXPECT_EQ(ThreadCount({0, 0}), Cores());
}

}  // namespace
}  // namespace drover
