#include "programs/process/heap.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>

namespace drover::process {
namespace {

void* Block(size_t bytes) {
  void* volatile block = std::malloc(bytes);  // a compiler may leave out one that nobody looks at
  return block;
}

// A larger block that was freed has moved the limit, or would.
TEST(Heap, ABlockOfMegabytesIsTheSystemsWhateverWasFreedBefore) {
#if !defined(__GLIBC__)
  GTEST_SKIP() << "another C library";
#else
  GiveLargeBlocksBack();
  std::free(Block(16 << 20));
  const auto before = ::mallinfo2();
  if (before.arena == 0) GTEST_SKIP() << "malloc is a sanitizer's";
  void* const block = Block(4 << 20);
  EXPECT_GE(::mallinfo2().hblkhd, before.hblkhd + (4 << 20));
  std::free(block);
  EXPECT_EQ(::mallinfo2().hblkhd, before.hblkhd);
#endif
}

}  // namespace
}  // namespace drover::process
