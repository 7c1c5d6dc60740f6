#include "actor/scheduler/page_pool.h"

#include <gtest/gtest.h>

#include <vector>

namespace drover::actor {
namespace {

PagePool::Tokens Same(uint32_t token) {
  PagePool::Tokens tokens;
  tokens.fill(token);
  return tokens;
}

TEST(PagePoolTest, GivesEachPageOnceAndTheLongestFreeFirst) {
  PagePool pool(3);
  EXPECT_EQ(pool.free(), 3);
  EXPECT_EQ(pool.Take(), 0);
  EXPECT_EQ(pool.Take(), 1);
  EXPECT_EQ(pool.Take(), 2);
  EXPECT_EQ(pool.Take(), PagePool::kNone);
  EXPECT_EQ(pool.free(), 0);
  EXPECT_EQ(pool.used(), 3);
  for (const int32_t page : {1, 0})
    pool.Record(PagePool::kBeginning, Same(static_cast<uint32_t>(page)), page);
  for (const int32_t page : {1, 0, 2}) pool.Release(page);
  EXPECT_EQ(pool.Take(), 2) << "a page without content first";
  EXPECT_EQ(pool.Take(), 1);
  EXPECT_EQ(pool.Take(), 0);
}

TEST(PagePoolTest, APageIsFreeWhenNobodyHoldsIt) {
  PagePool pool(1);
  const int32_t page = pool.Take();
  pool.Hold(page);
  EXPECT_EQ(pool.holders(page), 2);
  pool.Release(page);
  EXPECT_EQ(pool.Take(), PagePool::kNone);
  pool.Release(page);
  EXPECT_EQ(pool.Take(), page);
}

TEST(PagePoolTest, NewMemoryIsUsedUpToTwiceOfWhatWasNeededAtOnce) {
  PagePool pool(100);
  for (uint32_t round = 0; round < 50; ++round) {
    const int32_t a = pool.Take(), b = pool.Take();
    pool.Record(PagePool::kBeginning, Same(2 * round), a);
    pool.Record(PagePool::kBeginning, Same(2 * round + 1), b);
    pool.Release(b);
    pool.Release(a);
  }
  EXPECT_EQ(pool.touched(), 4);
  EXPECT_EQ(pool.free(), 100);
  for (int32_t i = 0; i < 100; ++i) EXPECT_NE(pool.Take(), PagePool::kNone);
  EXPECT_EQ(pool.Take(), PagePool::kNone);
  EXPECT_EQ(pool.touched(), 100);
}

TEST(PagePoolTest, ContentsAreFoundByAllTokensBefore) {
  PagePool pool(4);
  const int32_t a = pool.Take(), b = pool.Take(), other = pool.Take();
  const PagePool::Name first = pool.Record(PagePool::kBeginning, Same(1), a);
  const PagePool::Name second = pool.Record(first, Same(2), b);
  EXPECT_NE(first, second);
  EXPECT_EQ(pool.Find(PagePool::kBeginning, Same(1)).page, a);
  EXPECT_EQ(pool.Find(first, Same(2)).page, b);
  EXPECT_EQ(pool.Find(first, Same(2)).name, second);
  EXPECT_EQ(pool.Find(PagePool::kBeginning, Same(2)).page, PagePool::kNone) << "after other tokens";
  EXPECT_EQ(pool.Find(second, Same(2)).page, PagePool::kNone);
  // The same once more: the page that has it already stays the one that is found.
  EXPECT_EQ(pool.Record(PagePool::kBeginning, Same(1), other), first);
  EXPECT_EQ(pool.Find(PagePool::kBeginning, Same(1)).page, a);
}

TEST(PagePoolTest, AFreePageIsFoundUntilItIsTakenForSomethingElse) {
  PagePool pool(2);
  const int32_t page = pool.Take();
  const PagePool::Name name = pool.Record(PagePool::kBeginning, Same(1), page);
  pool.Release(page);
  EXPECT_EQ(pool.free(), 2);
  EXPECT_EQ(pool.Find(PagePool::kBeginning, Same(1)).page, page);
  pool.Hold(page);
  EXPECT_EQ(pool.free(), 1);
  pool.Release(page);
  EXPECT_NE(pool.Take(), page);
  EXPECT_EQ(pool.Take(), page);
  EXPECT_EQ(pool.Find(PagePool::kBeginning, Same(1)).page, PagePool::kNone);
  // A name is not given again: what stood after the old content is not found after the new one.
  EXPECT_NE(pool.Record(PagePool::kBeginning, Same(1), page), name);
}

TEST(PagePoolTest, ForgottenContentsAreNotFoundAndPagesStayHeld) {
  PagePool pool(2);
  const int32_t held = pool.Take(), freed = pool.Take();
  pool.Record(PagePool::kBeginning, Same(1), held);
  pool.Record(PagePool::kBeginning, Same(2), freed);
  pool.Release(freed);
  pool.ForgetContents();
  EXPECT_EQ(pool.Find(PagePool::kBeginning, Same(1)).page, PagePool::kNone);
  EXPECT_EQ(pool.Find(PagePool::kBeginning, Same(2)).page, PagePool::kNone);
  EXPECT_EQ(pool.holders(held), 1);
  EXPECT_EQ(pool.Take(), freed);
  EXPECT_EQ(pool.Take(), PagePool::kNone);
}

}  // namespace
}  // namespace drover::actor
