// Worked rows of small batches.
#include "model/segment_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

TEST(SegmentRows, APromptIsInTheRowsOfItsResponsesAndIsReadFromTheFirst) {
  // A prompt of 4 with responses of 2 and 3, and a sequence of 6 alone.
  const SegmentRows rows({{0, 4, 0, 0}, {4, 2, 0, 4}, {6, 3, 0, 4}, {9, 6, 0, 0}});
  ASSERT_EQ(rows.buckets().size(), 1u);
  EXPECT_EQ(rows.buckets()[0].rows, 3);
  EXPECT_EQ(rows.buckets()[0].length, 7);
  const std::vector<int64_t> tokens = {0, 1,  2,  3,  6,  7,  8,  //
                                       0, 1,  2,  3,  4,  5,  0,  // and from the front again
                                       9, 10, 11, 12, 13, 14, 9};
  EXPECT_THAT(rows.buckets()[0].tokens, ElementsAreArray(tokens));
  EXPECT_THAT(rows.places(), ElementsAre(7, 8, 9, 10, 11, 12, 4, 5, 6, 14, 15, 16, 17, 18, 19));
  EXPECT_FALSE(rows.whole());
}

TEST(SegmentRows, APromptThatNoneGoesOnBehindHasARow) {
  const SegmentRows alone({{0, 3, 0, 0}});
  EXPECT_THAT(alone.places(), ElementsAre(0, 1, 2));
  EXPECT_TRUE(alone.whole());
  // The second goes on behind 2 of 3 tokens: the third is in its row nowhere.
  const SegmentRows rows({{0, 3, 0, 0}, {3, 1, 0, 2}});
  EXPECT_THAT(rows.buckets()[0].tokens, ElementsAre(0, 1, 2, 0, 1, 3));
  EXPECT_THAT(rows.places(), ElementsAre(0, 1, 2, 5));
  EXPECT_FALSE(rows.whole());
}

TEST(SegmentRows, EqualRowsAreWhole) {
  EXPECT_TRUE(SegmentRows(WholeRows(3, 5)).whole());
  EXPECT_FALSE(SegmentRows({{0, 2, 0, 0}, {2, 3, 0, 0}}).whole());
  EXPECT_FALSE(SegmentRows({{0, 200, 0, 0}, {200, 20, 0, 0}}).whole());
}

// Hardly more than the tokens themselves, however they differ.
TEST(SegmentRows, RowsThatDifferByMuchAreApart) {
  const SegmentRows rows({{0, 20, 0, 0}, {20, 100, 0, 0}, {120, 76, 0, 0}, {196, 74, 0, 0}, {270, 4, 0, 0}});
  ASSERT_EQ(rows.buckets().size(), 3u);
  EXPECT_EQ(rows.buckets()[0].rows, 2);
  EXPECT_EQ(rows.buckets()[0].length, 100);
  EXPECT_EQ(rows.buckets()[1].length, 74);
  EXPECT_EQ(rows.buckets()[2].rows, 2);
  EXPECT_EQ(rows.buckets()[2].length, 20);
  EXPECT_EQ(rows.places()[20], 0);
  EXPECT_EQ(rows.places()[120], 100);
  EXPECT_EQ(rows.places()[196], 200);
  EXPECT_EQ(rows.places()[0], 274);
  EXPECT_EQ(rows.places()[273], 274 + 20 + 3);
}

}  // namespace
}  // namespace drover::model
