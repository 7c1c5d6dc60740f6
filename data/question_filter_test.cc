#include "data/question_filter.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ParseLevels, Ranges) {
  EXPECT_THAT(*ParseLevels("3-5"), ElementsAre(Pair(3, 5)));
  EXPECT_THAT(*ParseLevels("1,3 - 5"), ElementsAre(Pair(1, 1), Pair(3, 5)));
  EXPECT_THAT(*ParseLevels(" "), ElementsAre());
  for (const char* wrong : {"x", "5-3", "0", "1-", "-1", "1,,2", "3-5-7", "1001", "4294967297"}) {
    EXPECT_THAT(std::string(ParseLevels(wrong).status().message()),
                testing::HasSubstr("may be levels like 3-5"))
        << wrong;
  }
}

TEST(QuestionFilter, KeepsWhatTheRecipeAsksFor) {
  v1::DataSettings settings;
  EXPECT_TRUE(FilterOf(settings)->KeepsAll());
  EXPECT_TRUE(FilterOf(settings)->Keeps({}));
  settings.set_levels("3-5");
  EXPECT_TRUE(FilterOf(settings)->Keeps({.level = 3}));
  EXPECT_FALSE(FilterOf(settings)->Keeps({.level = 2}));
  EXPECT_FALSE(FilterOf(settings)->Keeps({})) << "no level";
  settings.add_subjects("algebra");
  EXPECT_TRUE(FilterOf(settings)->Keeps({.level = 5, .subject = "Algebra"}));
  EXPECT_FALSE(FilterOf(settings)->Keeps({.level = 5, .subject = "Geometry"}));
  v1::DataSettings rates;
  rates.set_min_pass_rate(0.1);
  rates.set_max_pass_rate(0.9);
  EXPECT_TRUE(FilterOf(rates)->Keeps({.pass_rate = 0.9}));
  EXPECT_TRUE(FilterOf(rates)->Keeps({.pass_rate = 0.1}));
  EXPECT_FALSE(FilterOf(rates)->Keeps({.pass_rate = 0.91}));
  EXPECT_FALSE(FilterOf(rates)->Keeps({})) << "no pass rate";
}

TEST(QuestionFilter, AWrongFieldIsNamed) {
  v1::DataSettings settings;
  settings.set_levels("hard");
  EXPECT_EQ(FilterOf(settings).status().message(),
            "data.levels: got `hard`, may be levels like 3-5 or 1,3-5, from 1 up");
}

}  // namespace
}  // namespace drover::data
