#include "analysis/keywords.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::analysis {
namespace {

TEST(KeywordsTest, ThePoolIsThePapers) {
  EXPECT_EQ(ReflectionKeywords().keywords.size(), 15u);
  EXPECT_THAT(ReflectionKeywords().source, ::testing::HasSubstr("sail-sg/understand-r1-zero"));
  for (const std::string& keyword : ReflectionKeywords().keywords) {
    EXPECT_EQ(FindKeywords(keyword, {keyword}).size(), 1u);  // lower case
  }
}

TEST(KeywordsTest, AnyCaseAndInsideOfWords) {
  const std::vector<std::string> pool = {"recheck", "check again", "rethink"};
  EXPECT_EQ(FindKeywords("Let me RECHECK this. Rechecking, we check  again.", pool),
            (std::vector<size_t>{0}));
  EXPECT_EQ(FindKeywords("I'll check again and rethink.", pool), (std::vector<size_t>{1, 2}));
  EXPECT_TRUE(FindKeywords("", pool).empty());
}

}  // namespace
}  // namespace drover::analysis
